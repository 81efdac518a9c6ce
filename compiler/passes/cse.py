"""Common subexpressions: what is computed twice from the same values is computed once.

    %1 = exp(%x)
    %2 = exp(%x)
    %3 = add(%1, %2)
becomes
    %1 = exp(%x)
    %3 = add(%1, %1)

Not what draws random numbers, which are others the second time, nor a call of a layer, which may draw.
"""

from collections.abc import Hashable
from typing import Any

from .. import ops
from ..ir.graph import Graph, Node, Value
from ..ir.numbers import plain
from .rewrite import rewired


def run(graph: Graph) -> Graph:
    """The graph with one node for each computation; what draws random numbers stays."""
    seen: dict[Hashable, Node] = {}
    stands: dict[Value, Value] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        # operands by what stands for them: of two equal chains the second goes as a whole
        inputs = tuple(stands.get(value, value) for value in node.inputs)
        key = _key(node, inputs)
        if key is None or seen.setdefault(key, node) is node:
            kept.append(node)
        else:
            stands.update(zip(node.outputs, seen[key].outputs, strict=True))
    return rewired(graph, kept, stands) if stands else graph


def _key(node: Node, inputs: tuple[Value, ...]) -> Hashable | None:
    """What makes two nodes one; None for a node that stays."""
    if node.is_call or ops.draws(node):
        return None
    types = tuple((v.type.dtype, v.type.stage) for v in node.outputs)
    return (node.op, tuple(id(v) for v in inputs), tuple((k, _frozen(v)) for k, v in node.attrs.items()), types)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)  # type: ignore[reportUnknownVariableType] -- of any kind
    if hasattr(value, "tobytes"):
        return (str(value.dtype), value.shape, value.tobytes())
    return (type(plain(value)).__name__, value)
