"""Constants of a body: each table is computed by a function of its own, in float64, and kept as a buffer."""

from collections.abc import Mapping

from ...ir.graph import Graph, Node, Value


def frontier(graph: Graph) -> dict[Value, str]:
    """The constant tensors that something else reads, each with the name it goes by."""
    producers, found = graph.producers(), {}
    read = [(value, node) for node in graph.nodes for value in node.inputs] + [(v, None) for v in graph.outputs]
    for value, reader in read:
        maker = producers.get(value)
        if maker is None or value.type.stage != "const" or maker.op == "number" or value in found:
            continue
        if reader is None or reader.op == "call" or reader.outputs[0].type.stage != "const":
            found[value] = _title(value, graph)
    return _unlike(found)


def subgraph(graph: Graph, value: Value) -> Graph:
    """What computes a value."""
    producers = graph.producers()
    needed: set[Node] = set()
    pending = [value]
    while pending:
        node = producers[pending.pop()]
        if node not in needed:
            needed.add(node)
            pending += node.inputs
    return Graph((), tuple(node for node in graph.nodes if node in needed), (value,))


def _title(value: Value, graph: Graph) -> str:
    """The name in the text, else that of the innermost function around all of the computation."""
    if value.name:
        return value.name
    nodes = [node for node in subgraph(graph, value).nodes if node.op != "number"]
    chains = [node.origin.functions for node in nodes]
    common = chains[0]
    for chain in chains[1:]:
        length = next((i for i, (a, b) in enumerate(zip(common, chain, strict=False)) if a != b), None)
        common = common[: min(len(common), len(chain)) if length is None else length]
    return common[-1] if common else "table"


def _unlike(names: Mapping[Value, str]) -> dict[Value, str]:
    """No two the same."""
    found: dict[Value, str] = {}
    for value, name in names.items():
        unique, index = name, 1
        while unique in found.values():
            index += 1
            unique = f"{name}{index}"
        found[value] = unique
    return found
