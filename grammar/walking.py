"""Every node of a tree."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from .tree import Node


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
