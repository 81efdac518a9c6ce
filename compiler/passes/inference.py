"""What only training does: dropout and its kin are the identity, and leave the graph of inference.

    %1 = dropout(%x) {rate = 0.1}
    %2 = exp(%1)
becomes
    %2 = exp(%x)
"""

from .. import ops
from ..ir.graph import Graph, Node, Value
from .rewrite import rewired


def run(graph: Graph) -> Graph:
    """The graph with their operand in their place."""
    stands: dict[Value, Value] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        op = ops.of(node)
        if op is not None and op.idle:
            stands[node.output] = node.inputs[0]
        else:
            kept.append(node)
    return rewired(graph, kept, stands) if stands else graph
