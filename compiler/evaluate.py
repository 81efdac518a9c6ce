"""A graph in numpy: the reference that every target is held against, and how constants are computed."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from . import ops
from .ir.graph import Graph, Node, Value
from .ops.base import Array

Precision = Literal["float64", "float32"]


def evaluate(
    graph: Graph,
    inputs: Sequence[Array],
    weights: Mapping[str, Array] | None = None,
    dtype: Precision = "float64",
    rng: np.random.Generator | None = None,
) -> tuple[Array, ...]:
    """The outputs of a flattened graph at inference; inputs carry the batch axis, floats are computed in `dtype`."""
    values: dict[Value, Array] = {v: _as(x, dtype) for v, x in zip(graph.inputs, inputs, strict=True)}
    last = {value: index for index, node in enumerate(graph.nodes) for value in node.inputs}
    for index, node in enumerate(graph.nodes):
        for value, array in zip(node.outputs, _node(node, values, weights or {}, rng), strict=True):
            values[value] = _as(array, dtype)
        for value in node.inputs:
            if last[value] == index and value not in graph.outputs:
                values.pop(value, None)
    return tuple(values[value] for value in graph.outputs)


def _node(
    node: Node, values: Mapping[Value, Array], weights: Mapping[str, Array], rng: np.random.Generator | None
) -> tuple[Array, ...]:
    if node.op == "weight":
        return (weights[node.attrs["name"]],)
    if node.op == "constant":
        return (node.attrs["value"],)
    table = any(value.type.stage != "const" for value in node.outputs)
    arrays = [_table(values[v]) if table and v.type.stage == "const" else values[v] for v in node.inputs]
    return ops.get(node.op).evaluate(arrays, node.attrs, rng)


def _table(array: Array) -> Array:
    """A constant as what is no constant reads it: rounded once, as in every target; plain numbers stay as they are."""
    return _as(_as(array, "float32"), "float64") if array.dtype == np.float64 and array.ndim else array


def _as(array: Array, dtype: Precision) -> Array:
    """Floats in the wanted precision, all else as it is."""
    array = np.asarray(array)
    return array.astype(dtype, copy=False) if array.dtype.kind == "f" else array
