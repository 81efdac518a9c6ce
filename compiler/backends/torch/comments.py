"""Shapes for comments: in numbers where all instances of a class agree, else in names of the text."""

from typing import Any

from ...ir.graph import Value
from ...ir.program import Layer
from .groups import Group


def shape(group: Group, kind: Any, number: int, index: int, out: int) -> str:
    """Of a value: an input of the first body (`in`), or an output of a node of a body (`bodies`, `train`)."""
    values = [_value(layer, kind, number, index, out) for layer in group.layers]
    dims = [_dim(group, tuple(v.type.shape[i] for v in values)) for i in range(values[0].type.rank)]
    return f"[{', '.join((['B'] if values[0].type.stage == 'sample' else []) + dims)}]"


def result(group: Group, value: Value) -> str:
    """Of a result of the first body."""
    body = group.layer.bodies[0]
    for index, node in enumerate(body.nodes):
        if value in node.outputs:
            return shape(group, "bodies", 0, index, node.outputs.index(value))
    return shape(group, "in", body.inputs.index(value), 0, 0)


def table(group: Group, value: Value) -> str:
    """Of a table, which only a class of one instance is sure of."""
    return f"[{', '.join(map(str, value.type.shape))}]" if len(group.layers) == 1 else ""


def _dim(group: Group, vector: tuple[int, ...]) -> str:
    if len(set(vector)) == 1:
        return str(vector[0])
    known = {**group.arguments.vectors, **group.arguments.known}
    return next((name for name, values in known.items() if values == vector), "n")


def _value(layer: Layer, kind: str, number: int, index: int, out: int) -> Value:
    if kind == "in":
        return layer.bodies[0].inputs[number]
    graph = (layer.bodies if kind == "bodies" else layer.train)[number]
    return graph.nodes[index].outputs[out]
