"""What passes share: a graph with some values standing for others."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..ir.graph import Graph, Node, Value


def rewired(graph: Graph, nodes: Iterable[Node], stands: Mapping[Value, Value]) -> Graph:
    """The graph with these nodes, every reading of a key of `stands` going to its value, however long the chain."""

    def final(value: Value) -> Value:
        while value in stands:
            value = stands[value]
        return value

    made = tuple(
        replace(n, inputs=tuple(map(final, n.inputs))) if any(v in stands for v in n.inputs) else n for n in nodes
    )
    return Graph(graph.inputs, made, tuple(map(final, graph.outputs)), graph.output_names)
