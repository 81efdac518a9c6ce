"""The primitive ops: one file each, found by its name, loaded when first needed."""

from functools import cache

from ..ir.graph import Node
from ..plugins import Folder
from .base import Op

OPS = Folder(
    __name__,
    Op,
    beside=("base", "drawing", "elementwise", "kinds", "pools", "quotients", "resampling", "rows", "sliding"),
)
names = OPS.names


@cache
def get(name: str) -> Op:
    """The op of this name (one of `names()`)."""
    return OPS.get(name)()


def of(node: Node) -> Op | None:
    """The op that computes a node; None for weights, constants and calls, which are no ops."""
    return None if node.is_weight or node.is_constant or node.is_call else get(node.op)


def draws(node: Node) -> bool:
    """Whether running the op of a node twice may give two results; not asked of calls."""
    op = of(node)
    return op is not None and op.draws(node.attrs)
