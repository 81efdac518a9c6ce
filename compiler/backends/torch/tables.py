"""Constants of a body: each table is computed by a function of its own, in float64, and kept as a buffer."""

from ...ir.graph import Graph, Value
from ...ir.program import Layer
from ...reserved import why_reserved
from . import descriptions
from .naming import RESERVED, first_free


def named(layer: Layer) -> dict[Graph, dict[Value, str]]:
    """The tables of each body of a layer with the names they are kept under, which nothing else in the class has.

    Tables that are computed alike are one, in whichever body they stand.
    """
    kept: dict[str, str] = {}
    taken = {*layer.children, *layer.weights, *RESERVED}
    result: dict[Graph, dict[Value, str]] = {}
    for graph in dict.fromkeys(layer.bodies + layer.train):
        result[graph] = {value: _name(graph, value, kept, taken) for value in _frontier(graph)}
    return result


def _name(graph: Graph, value: Value, kept: dict[str, str], taken: set[str]) -> str:
    title = _title(value, graph)
    key = f"{title} {descriptions.body(subgraph(graph, value))}"
    if key not in kept:
        if why_reserved(title):
            title = f"{title.strip('_') or 'table'}2"
        kept[key] = first_free(title, lambda name: name in taken or name in kept.values())
    return kept[key]


def _frontier(graph: Graph) -> list[Value]:
    """The constant tensors that something else reads."""
    producers = graph.producers()
    read = [(value, node) for node in graph.nodes for value in node.inputs] + [(v, None) for v in graph.outputs]
    found: dict[Value, None] = {}
    for value, reader in read:
        maker = producers.get(value)
        if maker is None or value.type.stage != "const" or maker.is_number:
            continue
        # a layer takes it as a tensor, whatever the layer makes of it
        if reader is None or reader.is_call or reader.outputs[0].type.stage != "const":
            found[value] = None
    return list(found)


def subgraph(graph: Graph, value: Value) -> Graph:
    """What computes a value."""
    return Graph((), graph.nodes, (value,)).pruned()


def _title(value: Value, graph: Graph) -> str:
    """The name in the text, else that of the innermost function around all of the computation."""
    if value.name:
        return value.name
    nodes = [node for node in subgraph(graph, value).nodes if not node.is_number]
    chains = [node.origin.functions for node in nodes]
    common = chains[0]
    for chain in chains[1:]:
        length = next((i for i, (a, b) in enumerate(zip(common, chain, strict=False)) if a != b), None)
        common = common[: min(len(common), len(chain)) if length is None else length]
    return common[-1] if common else "table"
