"""What must hold of every graph, checked after every pass."""

from .. import ops
from ..ir.graph import Graph, Node, Value
from ..ops.base import OpError


class BrokenGraphError(Exception):
    """A defect of the compiler: names the pass, the node and what is wrong with it."""


def check(graph: Graph, after: str) -> None:
    """Raises `BrokenGraphError` where a value is read before it is made or made twice, a result is never made, or a node's
    attributes or types are not what its op declares; `after` names the pass to blame."""
    known: set[Value] = set(graph.inputs)
    for index, node in enumerate(graph.nodes):
        where = f"after {after}: node {index}, {node.op}"
        for value in node.inputs:
            if value not in known:
                raise BrokenGraphError(f"{where} reads `{value.name}` {value.type} before it is made")
        for value in node.outputs:
            if value in known:
                raise BrokenGraphError(f"{where} makes `{value.name}` a second time")
        known.update(node.outputs)
        _types(node, where)
    for value in graph.outputs:
        if value not in known:
            raise BrokenGraphError(f"after {after}: the result `{value.name}` is never made")
    if graph.output_names and len(graph.output_names) != len(graph.outputs):
        raise BrokenGraphError(f"after {after}: {len(graph.outputs)} results, {len(graph.output_names)} names")


def _types(node: Node, where: str) -> None:
    """Attributes and types as the op declares them."""
    if node.is_weight and node.output.type.shape != node.attrs["shape"]:
        raise BrokenGraphError(f"{where} `{node.attrs['name']}`: {node.output.type} for {node.attrs['shape']}")
    if node.is_constant and node.attrs["value"].shape != node.output.type.shape:
        raise BrokenGraphError(f"{where}: {node.attrs['value'].shape} for {node.output.type}")
    op = ops.of(node)
    if op is None:
        return
    expected = {param.name for param in op.params}
    if set(node.attrs) != expected:
        raise BrokenGraphError(f"{where}: attributes {sorted(node.attrs)}, declared {sorted(expected)}")
    try:
        types = op.infer(tuple(value.type for value in node.inputs), node.attrs)
    except OpError as problem:
        raise BrokenGraphError(f"{where}: {problem.message}") from problem
    made = tuple(value.type for value in node.outputs)
    if types != made:
        raise BrokenGraphError(f"{where}: {[str(t) for t in made]}, inferred {[str(t) for t in types]}")
