"""Columns that several ops have in common: how elements meet, move, or are gathered into one."""

from abc import ABC
from collections.abc import Sequence
from functools import reduce
from math import prod, sqrt

from ..ir.graph import Attrs
from ..ir.program import Draw, WeightSpec
from ..ir.types import TensorType, meet
from .base import NOWHERE, Array, Arrays, Bounds, Op, OpError, Types, np


def broadcast(types: Types) -> tuple[int, ...]:
    """The shape of operands that are aligned from the right; raises `OpError` with both numbers."""
    rank = max(t.rank for t in types)
    shape: list[int] = []
    for axis in range(-rank, 0):
        sizes = sorted({t.shape[axis] for t in types if t.rank >= -axis} - {1})
        if len(sizes) > 1:
            raise OpError(
                f"{sizes[0]} and {sizes[1]} do not fit in axis {axis} of "
                + " and ".join(str(list(t.shape)) for t in types),
                sizes=(sizes[0], sizes[1]),
            )
        shape.append(sizes[0] if sizes else 1)
    return tuple(shape)


def drawn_by_fan_in(shape: tuple[int, ...], out: int, bias: bool) -> dict[str, WeightSpec]:
    """weight of this shape and, where wanted, bias [out], as torch draws both: uniform in +-1/sqrt(shape[1] * shape[2] ..)."""
    bound = 1 / sqrt(prod(shape[1:]))
    draw = Draw("uniform", (-bound, bound))
    return {"weight": WeightSpec(shape, draw)} | ({"bias": WeightSpec((out,), draw)} if bias else {})


def aligned(boxes: Sequence[Array], shape: tuple[int, ...]) -> list[Array]:
    """Boxes [4, *own] with ones inserted after the first axis, so that they broadcast against [4, *shape]."""
    return [b.reshape((4,) + (1,) * (len(shape) + 1 - b.ndim) + b.shape[1:]) for b in boxes]


class Elementwise(Op, ABC):
    """Each element of the result from the elements at the same place, after broadcasting."""

    aligns = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """Broadcast from the right, of the first operand's element type."""
        return (TensorType(broadcast(types), types[0].dtype, meet(types)),)

    def reach(
        self,
        boxes: Sequence[Array],
        types: Types,
        attrs: Attrs,
        outs: Types,
    ) -> Arrays:
        """The smallest box around the operands'."""
        shape = outs[0].shape
        return (np.broadcast_to(reduce(np.minimum, aligned(boxes, shape)), (4, *shape)),)


class Movement(Op, ABC):
    """Elements keep their value and change their place: what is true of numbers is true of boxes."""

    keeps_shut = True

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        """Those of all operands together."""
        return min(low for low, _ in xs), max(high for _, high in xs)

    def reach(
        self,
        boxes: Sequence[Array],
        types: Types,
        attrs: Attrs,
        outs: Types,
    ) -> Arrays:
        """The op itself, the four sides of the boxes as one more leading axis."""
        return self.evaluate(boxes, attrs)


class Source(Op, ABC):
    """A tensor made of attributes alone, which sees nothing of the input."""

    inputs = ()

    def reach(
        self,
        boxes: Sequence[Array],
        types: Types,
        attrs: Attrs,
        outs: Types,
    ) -> Arrays:
        """No pixels."""
        return tuple(np.full((4, *out.shape), NOWHERE, np.int32) for out in outs)


def gather_all(box: Array, axes: tuple[int, ...]) -> Array:
    """Every element sees what any element along these axes sees."""
    return np.broadcast_to(box.min(axis=axes, keepdims=True), box.shape)


def full_axis(axis: int, type: TensorType) -> int:
    """Checks that a negative axis exists; raises `OpError`."""
    if not -type.rank <= axis < 0:
        raise OpError(f"axis {axis} of {list(type.shape)}: axes are -{type.rank} to -1")
    return axis


def floats(types: Types) -> None:
    """Operands of fractions; raises `OpError` for integers and truth values."""
    for t in types:
        if t.dtype != "float":
            raise OpError(f"it takes floats, not {t.dtype}s", help="multiply an integer by 1.0")


def not_sampled(weights: Types) -> None:
    """Weights are the same for every sample; raises `OpError`."""
    if any(t.stage == "sample" for t in weights):
        raise OpError("a weight that depends on the input would differ from sample to sample")


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)
