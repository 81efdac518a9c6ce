"""Constant folding: what depends on numbers alone is computed, in float64; raises V0309 where no numbers come of it.

    %0 = arange() {start = 0, stop = 4, step = 1}
    %1 = number() {value = 0.5}
    %2 = mul(%0, %1)
    %3 = add(%x, %2)
becomes
    %2 = constant() {value = [0.0, 0.5, 1.0, 1.5]}
    %3 = add(%x, %2)

Numbers of the text stay as they are: a target writes them as literals.
"""

import numpy as np

from .. import ops
from ..evaluate import refuse_nan, refuse_zero
from ..ir.builder import Builder
from ..ir.graph import Graph, Node, Value
from ..ops.base import Array

#: A table of more elements stays a formula.
LARGEST = 2**26  # 512 MiB of float64


def run(graph: Graph) -> Graph:
    """The graph with a `constant` leaf for every table that something else reads."""
    known: dict[Value, Array] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        op = ops.of(node)
        if op is not None and op.divides and node.inputs[1] in known:
            refuse_zero(node, known[node.inputs[1]])
        if _foldable(node, known):
            arrays = [known[value] for value in node.inputs]
            known.update(zip(node.outputs, _computed(node, arrays), strict=True))
        kept.append(node)
    read = {v for node in kept if not all(o in known for o in node.outputs) for v in node.inputs} | set(graph.outputs)
    nodes = tuple(made for node in kept for made in _folded(node, known, read))
    return Graph(graph.inputs, nodes, graph.outputs, graph.output_names)


def _foldable(node: Node, known: dict[Value, Array]) -> bool:
    if node.is_weight or node.is_call or any(value.type.stage != "const" for value in node.outputs):
        return False
    small = all(value.type.size <= LARGEST for value in node.outputs)
    return small and not ops.draws(node) and all(value in known for value in node.inputs)


def _computed(node: Node, arrays: list[Array]) -> tuple[Array, ...]:
    if node.is_constant:
        return (node.attrs["value"],)
    with np.errstate(all="ignore"):  # what is no number may be left out by a `where`
        return ops.get(node.op).evaluate(arrays, node.attrs)


def _folded(node: Node, known: dict[Value, Array], read: set[Value]) -> list[Node]:
    """In place of a node that is known a constant for each of its results that what is not known reads."""
    if node.is_number or node.is_constant or any(value not in known for value in node.outputs):
        return [node]
    return [_constant(node, value, known[value]) for value in node.outputs if value in read]


def _constant(node: Node, value: Value, array: Array) -> Node:
    refuse_nan(node, array)
    builder = Builder()
    builder.add("constant", (), (value.type,), {"value": array}, origin=node.origin)
    (made,) = builder.nodes
    return Node(made.op, (), (value,), made.attrs, "", node.origin)
