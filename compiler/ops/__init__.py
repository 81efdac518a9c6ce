"""The primitive ops: one file each, found by its name, loaded when first needed."""

from functools import cache
from importlib import import_module
from pathlib import Path

from ..ir.graph import Node
from .base import Op

_SHARED = {"__init__", "base", "drawing", "kinds", "elementwise", "pools", "quotients", "resampling", "rows", "sliding"}


@cache
def names() -> tuple[str, ...]:
    """The names of all ops, sorted."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _SHARED))


@cache
def get(name: str) -> Op:
    """The op of this name (one of `names()`)."""
    if name not in names():
        raise KeyError(name)
    return import_module(f"{__name__}.{name}").Definition()


def of(node: Node) -> Op | None:
    """The op that computes a node; None for weights, constants and calls, which are no ops."""
    return None if node.is_weight or node.is_constant or node.is_call else get(node.op)


def draws(node: Node) -> bool:
    """Whether running the op of a node twice may give two results; not asked of calls."""
    op = of(node)
    return op is not None and op.draws(node.attrs)
