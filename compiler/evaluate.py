"""A graph in numpy: the reference that every target is held against, and how constants are computed."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from ..diagnostics import error
from . import ops
from .ir.graph import Graph, Node, Value
from .ir.types import LARGEST_FLOAT
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
        for value in node.inputs:  # freed as soon as nothing reads it: the largest models would not fit otherwise
            if last[value] == index and value not in graph.outputs:
                values.pop(value, None)
    return tuple(values[value] for value in graph.outputs)


def _node(
    node: Node, values: Mapping[Value, Array], weights: Mapping[str, Array], rng: np.random.Generator | None
) -> tuple[Array, ...]:
    if node.is_weight:
        return (weights[node.attrs["name"]],)
    if node.is_constant:
        return (node.attrs["value"],)
    # what reads a table gets it as every target has it, in float32; within a table all is float64
    table = any(value.type.stage != "const" for value in node.outputs)
    arrays = [_table(values[v]) if table and v.type.stage == "const" else values[v] for v in node.inputs]
    op = ops.get(node.op)
    if op.divides:
        refuse_zero(node, arrays[1])
    return op.evaluate(arrays, node.attrs, rng)


def refuse_zero(node: Node, divisor: Array) -> None:
    """Raises V0309 where integers are divided by zero, which gives another number on every target, or ends its process."""
    if node.output.type.dtype == "int" and not divisor.all():
        found = f"{(divisor == 0).sum():,} of {divisor.size:,} divisors are 0" if divisor.ndim else "the divisor is 0"
        raise error("V0309", "a division of integers by zero", node.origin.span, label=found)


def refuse_nan(node: Node, array: Array) -> None:
    """Raises V0309 for a table, a result of this node, that holds what is no number or none of float32."""
    if array.dtype.kind != "f":
        return
    wrong = np.isnan(array).sum()
    beyond = (np.isfinite(array) & (np.abs(array) > LARGEST_FLOAT)).sum()
    if beyond:
        raise error("V0309", f"a table with elements beyond float32, which holds at most {LARGEST_FLOAT:.3g}",
                    node.origin.span, label=f"{beyond:,} of {array.size:,}")  # fmt: skip
    if wrong:
        raise error(
            "V0309",
            "a table with elements that are no numbers",
            node.origin.span,
            label=f"{wrong:,} of {array.size:,}",
            help="0 / 0, inf - inf and the root of a negative number are none",
        )


def _table(array: Array) -> Array:
    """A constant as what is no constant reads it: rounded once, as in every target; plain numbers stay as they are."""
    return _as(_as(array, "float32"), "float64") if array.dtype == np.float64 and array.ndim else array


def _as(array: Array, dtype: Precision) -> Array:
    """Floats in the wanted precision, all else as it is."""
    array = np.asarray(array)
    return array.astype(dtype, copy=False) if array.dtype.kind == "f" else array
