"""Lists of ops that own weights, `[conv2d(..), batchnorm]`: where they only ever run from end to end, they are one call of
the list, and print as `nn.Sequential`."""

from collections.abc import Iterator
from dataclasses import replace

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.program import Child, Layer, mapped


def chained(layer: Layer, done: dict[Layer, Layer]) -> Layer:
    """The layer, and all below it, with its lists of ops called as wholes."""
    if layer not in done:

        def change(inner: Layer, _: str) -> Layer:
            return inner if inner.is_op else chained(inner, done)

        children = {name: mapped(child, change) for name, child in layer.children.items()}
        graphs = list(dict.fromkeys(layer.bodies + layer.train))
        for name, child in layer.children.items():
            if isinstance(child, tuple) and any(isinstance(m, Layer) and m.is_op for m in child):
                found = [_called(graph, name, child) for graph in graphs]
                whole = [graph for graph in found if graph is not None]
                if len(whole) == len(graphs):
                    layer = _with(layer, dict(zip(graphs, whole, strict=True)))
                    graphs = whole
        done[layer] = replace(layer, children=children)
    return done[layer]


def _with(layer: Layer, new: dict[Graph, Graph]) -> Layer:
    return replace(layer, bodies=tuple(new[g] for g in layer.bodies), train=tuple(new[g] for g in layer.train))


def _called(graph: Graph, name: str, child: tuple[Child, ...]) -> Graph | None:
    """The body with a call of the list for every run from its first member to its last; None where it is used otherwise."""
    chains = list(_chains(graph, name, child))
    owned = {node for node in graph.nodes if node.layer.partition(".")[0] == name}
    if not chains or owned - {node for chain in chains for node in chain}:
        return None
    calls = {chain[-1]: _call(chain, name) for chain in chains}
    gone = {node for chain in chains for node in chain[:-1]}
    return replace(graph, nodes=tuple(calls.get(node, node) for node in graph.nodes if node not in gone))


def _call(chain: list[Node], name: str) -> Node:
    first, last = chain[0], chain[-1]
    variant = tuple(node.attrs["variant"] if node.is_call else 0 for node in chain)
    return Node("call", first.inputs[:1], last.outputs, {"layer": name, "variant": variant}, name, last.origin)


def _chains(graph: Graph, name: str, child: tuple[Child, ...]) -> Iterator[list[Node]]:
    """Nodes that run the members in order, each on what only the one before gives."""
    uses = graph.uses()
    for start in graph.nodes:
        if not _runs(start, name, 0, child[0]):
            continue
        chain = [start]
        for index, member in enumerate(child[1:], 1):
            following = _only(chain[-1].outputs, graph, uses)
            if following is None or not _runs(following, name, index, member):
                break
            chain.append(following)
        if len(chain) == len(child):
            yield chain


def _runs(node: Node, name: str, index: int, member: Child) -> bool:
    """Whether a node is this member, called as its module is."""
    if not isinstance(member, Layer) or node.layer != f"{name}.{index}" or len(node.outputs) != 1:
        return False
    if node.is_call:
        return len(node.inputs) == 1
    return ops.get(node.op).torch_fits(node.inputs[0].type, node.attrs)


def _only(values: tuple[Value, ...], graph: Graph, uses: dict[Value, list[Node]]) -> Node | None:
    """The one node that reads a value, as its first operand."""
    (value,) = values
    users = uses.get(value, [])
    return users[0] if len(users) == 1 and value not in graph.outputs and users[0].inputs[0] is value else None
