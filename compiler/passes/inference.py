"""What only training does: dropout and its kin are the identity, and leave the graph of inference."""

from .. import ops
from ..ir.graph import Graph, Node, Value
from .rewrite import rewired


def run(graph: Graph) -> Graph:
    """The graph with their operand in their place; draws of an initialiser have none, and stay."""
    stands: dict[Value, Value] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        leaf = node.op in ("weight", "constant", "call")
        if not leaf and node.inputs and ops.get(node.op).random:
            stands[node.output] = node.inputs[0]
        else:
            kept.append(node)
    return rewired(graph, kept, stands) if stands else graph
