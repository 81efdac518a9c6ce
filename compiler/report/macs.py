"""Multiply-accumulates of one sample, as `torch.utils.flop_counter` counts them (half its flops)."""

from .. import ops
from ..ir.graph import Graph, Node


def macs(graph: Graph) -> int:
    """Multiply-accumulates of a whole graph, for one sample."""
    return sum(map(of, graph.nodes))


def of(node: Node) -> int:
    """Of one node; tables are computed while compiling and cost nothing."""
    op = ops.of(node)
    if op is None or all(value.type.stage == "const" for value in node.outputs):
        return 0
    types, outs = (tuple(value.type for value in values) for values in (node.inputs, node.outputs))
    return op.macs(types, node.attrs, outs)
