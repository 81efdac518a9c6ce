"""Constant folding: what depends on numbers alone is computed, in float64."""

from .. import ops
from ..ir.builder import Builder
from ..ir.graph import Graph, Node, Value
from ..ops.base import Array

#: A table of more elements stays a formula.
LARGEST = 2**26


def run(graph: Graph) -> Graph:
    """The graph with a `constant` leaf for every table that something else reads."""
    known: dict[Value, Array] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        if _foldable(node, known):
            arrays = [known[value] for value in node.inputs]
            known.update(zip(node.outputs, _computed(node, arrays), strict=True))
        kept.append(node)
    read = {v for node in kept if not all(o in known for o in node.outputs) for v in node.inputs} | set(graph.outputs)
    return Graph(graph.inputs, tuple(_folded(node, known, read) for node in kept), graph.outputs, graph.output_names)


def _foldable(node: Node, known: dict[Value, Array]) -> bool:
    if node.op in ("weight", "call") or any(value.type.stage != "const" for value in node.outputs):
        return False
    small = all(value.type.size <= LARGEST for value in node.outputs)
    return small and not ops.get(node.op).draws(node.attrs) and all(value in known for value in node.inputs)


def _computed(node: Node, arrays: list[Array]) -> tuple[Array, ...]:
    if node.op == "constant":
        return (node.attrs["value"],)
    return ops.get(node.op).evaluate(arrays, node.attrs)


def _folded(node: Node, known: dict[Value, Array], read: set[Value]) -> Node:
    """A constant in place of a node whose only result is known and read by what is not."""
    if (
        node.op in ("number", "constant")
        or len(node.outputs) != 1
        or node.output not in known
        or node.output not in read
    ):
        return node
    builder = Builder()
    builder.add("constant", (), (node.output.type,), {"value": known[node.output]}, origin=node.origin)
    (made,) = builder.nodes
    return Node(made.op, (), node.outputs, made.attrs, "", node.origin)
