"""Dead code: nodes that no result needs.

    %1 = exp(%x)
    %2 = sin(%x)
    return %2
becomes
    %2 = sin(%x)
    return %2
"""

from ..ir.graph import Graph


def run(graph: Graph) -> Graph:
    """The graph without them."""
    return graph.pruned()
