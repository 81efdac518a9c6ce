"""Arithmetic that changes nothing: `1.0 * x`, `x / 1`, `x + 0`, `x - 0` are `x`, where the type stays.

    %1 = number() {value = 1.0}
    %2 = mul(%1, %x)
    %3 = exp(%2)
becomes
    %1 = number() {value = 1.0}
    %3 = exp(%x)

The std writes such numbers where a parameter has its usual value; a number that widens an integer or a shape stays.
"""

from ..ir.graph import Graph, Node, Value
from .rewrite import rewired

#: The number that changes nothing, and whether it may stand on the left too.
NEUTRAL = {"mul": (1, True), "div": (1, False), "add": (0, True), "sub": (0, False)}


def run(graph: Graph) -> Graph:
    """The graph without it."""
    makers = graph.producers()
    stands: dict[Value, Value] = {}
    for node in graph.nodes:
        same = _same(node, makers) if node.op in NEUTRAL else None
        if same is not None:
            stands[node.output] = same
    kept = [node for node in graph.nodes if not any(value in stands for value in node.outputs)]
    return rewired(graph, kept, stands) if stands else graph


def _same(node: Node, makers: dict[Value, Node]) -> Value | None:
    """The operand that the result is equal to."""
    neutral, either = NEUTRAL[node.op]
    a, b = node.inputs
    for value, other in ((a, b), (b, a)) if either else ((a, b),):
        maker = makers.get(other)
        number = maker is not None and maker.is_number and maker.attrs["value"] == neutral
        if number and value.type == node.output.type:
            return value
    return None
