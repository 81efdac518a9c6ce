"""Memory for what one sample makes on its way, in bytes: float32, int64, bool.

Counted is every tensor that depends on the input and is computed; one that only moves the elements of others (a reshape,
a transpose, a slice) is not, it keeps its operands alive instead.
"""

from .. import ops
from ..ir.graph import Graph, Node, Value
from ..ops.kinds import Movement

WIDTHS = {"float": 4, "int": 8, "bool": 1}


def activations(graph: Graph) -> int:
    """Of all tensors together: about what training keeps for the way back."""
    return sum(map(of, graph.nodes))


def of(node: Node) -> int:
    """What one node adds."""
    return 0 if _moves(node) else sum(_bytes(value) for value in node.outputs)


def peak(graph: Graph) -> int:
    """The most that is alive at once when the nodes run in order, the image among it: what inference needs."""
    last, most = _last_reading(graph), 0
    alive = {value: _bytes(value) for value in graph.inputs}
    for index, node in enumerate(graph.nodes):
        if not _moves(node):
            alive.update((value, _bytes(value)) for value in node.outputs)
        most = max(most, sum(alive.values()))
        alive = {value: size for value, size in alive.items() if last.get(value, -1) > index}
    return most


def _last_reading(graph: Graph) -> dict[Value, int]:
    """The index of the last node that reads each computed tensor, through tensors that only move its elements."""
    sources: dict[Value, tuple[Value, ...]] = {}
    last: dict[Value, int] = {}
    for index, node in enumerate(graph.nodes):
        read = [source for value in node.inputs for source in sources.get(value, (value,))]
        last.update(dict.fromkeys(read, index))
        if _moves(node):
            sources.update(dict.fromkeys(node.outputs, tuple(dict.fromkeys(read))))
    results = (source for value in graph.outputs for source in sources.get(value, (value,)))
    return last | dict.fromkeys(results, len(graph.nodes))


def _moves(node: Node) -> bool:
    return isinstance(ops.of(node), Movement)


def _bytes(value: Value) -> int:
    return value.type.size * WIDTHS[value.type.dtype] if value.type.stage == "sample" else 0
