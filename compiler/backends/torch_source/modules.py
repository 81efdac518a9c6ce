"""Ops without an `nn` module become blocks of their own, so that every layer prints as one or the other."""

from dataclasses import replace

from ... import ops
from ...ir.builder import Builder
from ...ir.graph import Graph, Node, Value
from ...ir.program import Child, Layer
from ...ir.types import TensorType


def settle(layer: Layer, done: dict[Layer, Layer]) -> Layer:
    """The layer with every op layer below it either an `nn` module or a block."""
    if layer not in done:
        lonely = {node.layer: node for graph in layer.bodies for node in graph.nodes if _lonely(node, layer)}
        children = {name: _child(child, name, lonely, done) for name, child in layer.children.items()}
        bodies = tuple(_called(graph, lonely) for graph in layer.bodies)
        train = tuple(
            bodies[i] if graph is layer.bodies[i] else _called(graph, lonely) for i, graph in enumerate(layer.train)
        )
        done[layer] = replace(layer, children=children, bodies=bodies, train=train)
    return done[layer]


def member(layer: Layer, path: str) -> Child:
    """The child at a path such as `proj.0`."""
    first, *rest = path.split(".")
    child = layer.children[first]
    for index in rest:
        assert isinstance(child, tuple)
        child = child[int(index)]
    return child


def _lonely(node: Node, layer: Layer) -> bool:
    """A bound op that torch has no module for."""
    if not node.layer or node.op == "call":
        return False
    owner = member(layer, node.layer)
    assert isinstance(owner, Layer)
    op = ops.get(node.op)
    shapes = {name: spec.shape for name, spec in owner.weights.items()}
    return not op.fits_module(node.inputs[0].type) or op.torch_module(owner.attrs, shapes) is None


def _child(child: Child, path: str, lonely: dict[str, Node], done: dict[Layer, Layer]) -> Child:
    if child is None:
        return None
    if isinstance(child, tuple):
        return tuple(_child(inner, f"{path}.{i}", lonely, done) for i, inner in enumerate(child))
    if not child.is_op:
        return settle(child, done)
    if path not in lonely:
        return child
    if child not in done:
        done[child] = _block(child, lonely[path])
    return done[child]


def _block(layer: Layer, node: Node) -> Layer:
    """A block whose forward is the op."""
    builder = Builder()
    x = builder.input(node.inputs[0].type, "x")
    leaves = [_leaf(builder, name, layer) for name in layer.weights]
    outs = builder.add(node.op, [x, *leaves], [value.type for value in node.outputs], node.attrs)
    graph = builder.graph(outs)
    return Layer(layer.kind, weights=layer.weights, bodies=(graph,), train=(graph,), span=layer.span)


def _leaf(builder: Builder, name: str, layer: Layer) -> Value:
    spec = layer.weights[name]
    attrs = {"name": name, "shape": spec.shape, "trainable": spec.trainable}
    (value,) = builder.add("weight", (), [TensorType(spec.shape, spec.dtype, "shared")], attrs, names=[name])
    return value


def _called(graph: Graph, lonely: dict[str, Node]) -> Graph:
    """The body with calls in place of those ops."""
    if not any(node.layer in lonely and node.op != "call" for node in graph.nodes):
        return graph
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.layer in lonely and node.op != "call":
            attrs = {"layer": node.layer, "variant": 0}
            nodes.append(Node("call", node.inputs[:1], node.outputs, attrs, node.layer, node.origin))
        else:
            nodes.append(node)
    return Graph(graph.inputs, tuple(nodes), graph.outputs, graph.output_names)
