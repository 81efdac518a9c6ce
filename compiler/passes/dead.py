"""Dead code: nodes that no result needs.

    %1 = exp(%x)
    %2 = sin(%x)
    return %2
becomes
    %2 = sin(%x)
    return %2
"""

from ..ir.graph import Graph, Node, Value


def run(graph: Graph) -> Graph:
    """The graph without them."""
    needed: set[Value] = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):  # readers come before what they read
        if any(value in needed for value in node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    if len(kept) == len(graph.nodes):
        return graph
    return Graph(graph.inputs, tuple(reversed(kept)), graph.outputs, graph.output_names)
