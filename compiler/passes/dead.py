"""Dead code: nodes that no result needs.

    %1 = exp(%x)
    %2 = sin(%x)
    return %2
becomes
    %2 = sin(%x)
    return %2
"""

from dataclasses import replace

from ..ir.graph import Graph


def run(graph: Graph) -> Graph:
    """The graph without them."""
    needed = graph.needed()
    return (
        graph
        if len(needed) == len(graph.nodes)
        else replace(graph, nodes=tuple(filter(needed.__contains__, graph.nodes)))
    )
