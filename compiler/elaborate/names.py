"""Names outside of blocks: definitions of files, and the functions of the language."""

from typing import Any

from ...grammar import tree
from . import functions
from .calls import ModelValue
from .context import Context
from .library import Module
from .scopes import MISSING
from .values import BlockValue, FunctionValue


def definition(name: str, module: Module, context: Context) -> Any:
    """What a name means at the top of a file, or MISSING."""
    found = module.find(name)
    if found is None:
        return functions.find(name)
    owner, item = found
    at = ("definition", id(item))
    if at not in context.memo:
        context.memo[at] = _value(owner, item, context)
    return context.memo[at]


def _value(owner: Module, item: Any, context: Context) -> Any:
    if isinstance(item, tree.Block):
        return BlockValue(owner, item, {})
    if isinstance(item, tree.Function):
        return FunctionValue(owner, item)
    from .sheets import Sheet

    return ModelValue(item.name.id, Sheet(context, owner, item).params)


__all__ = ["MISSING", "definition"]
