"""Writes shapes for comments: in numbers where all instances of a class agree, else in names of the text."""

from collections.abc import Callable

from ...ir.graph import Value
from ...ir.program import Layer
from .descriptions import Group


def shape(group: Group, find: Callable[[Layer], Value]) -> str:
    """The shape of the value that `find` gives for each layer of a class."""
    values = [find(layer) for layer in group.layers]
    dims = [_dim(group, tuple(v.type.shape[i] for v in values)) for i in range(values[0].type.rank)]
    return f"[{', '.join((['B'] if values[0].type.stage == 'sample' else []) + dims)}]"


def result(group: Group, value: Value) -> str:
    """The shape of a result of the first body."""
    body = group.layer.bodies[0]
    if value in body.inputs:
        return parameter(group, body.inputs.index(value))
    index, out = next((i, node.outputs.index(value)) for i, node in enumerate(body.nodes) if value in node.outputs)
    return shape(group, lambda layer: layer.bodies[0].nodes[index].outputs[out])


def parameter(group: Group, number: int) -> str:
    """The shape of an input of the first body."""
    return shape(group, lambda layer: layer.bodies[0].inputs[number])


def table(group: Group, value: Value) -> str:
    """The shape of a table; empty where the class has several instances, whose tables may differ."""
    return f"[{', '.join(map(str, value.type.shape))}]" if len(group.layers) == 1 else ""


def _dim(group: Group, vector: tuple[int, ...]) -> str:
    if len(set(vector)) == 1:
        return str(vector[0])
    known = {**group.arguments.vectors, **group.arguments.known}
    return next((name for name, values in known.items() if values == vector), "n")
