"""The nodes of a tree."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_args

from . import tree
from .tree import Node

_EXPRESSIONS: tuple[type[tree.Expr], ...] = get_args(tree.Expr)


def walk(node: Node) -> Iterator[Node]:
    """Yields a node and every node inside it, in the order of the text."""
    pending: list[Any] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Node):
            yield current
            pending += [getattr(current, f.name) for f in reversed(fields(current)) if f.name != "span"]
        elif isinstance(current, tuple):
            pending += reversed(current)  # type: ignore[reportUnknownArgumentType] -- of nodes or anything else


def parts(node: tree.Node) -> Iterator[tree.Expr]:
    """Yields the expressions directly inside another, in the order of the text."""
    for field in fields(node):
        if field.name in ("name", "names", "path", "cases"):  # of a part, an argument, a comprehension, an arm
            continue
        value: object = getattr(node, field.name)
        for item in value if isinstance(value, tuple) else (value,):  # type: ignore[reportUnknownVariableType] -- of nodes and texts
            if isinstance(item, (tree.Arg, tree.Clause, tree.Arm)):
                yield from parts(item)
            elif isinstance(item, _EXPRESSIONS):
                yield item


def names(node: tree.Expr) -> Iterator[tree.Name]:
    """Yields the names that an expression reads."""
    if isinstance(node, tree.Name):
        yield node
    for part in parts(node):
        yield from names(part)
