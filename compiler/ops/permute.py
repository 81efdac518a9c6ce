"""Axes in another order."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """The trailing axes in the order `perm` (negative axes): `torch.permute`, ONNX Transpose-13. Made by `rearrange`, `transpose`."""

    name = "permute"
    params = (Param("perm", "axes", structural=True),)
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,), perm = types, tuple[int, ...](attrs["perm"])
        if x.rank < len(perm) or sorted(perm) != list(range(-len(perm), 0)):
            raise OpError(f"{list(perm)} is no order of the axes of {list(x.shape)}")
        shape = (*x.shape[: x.rank - len(perm)], *(x.shape[axis] for axis in perm))
        return (TensorType(shape, x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        (x,), perm = xs, attrs["perm"]
        lead = range(x.ndim - len(perm))
        return (x.transpose(*lead, *(axis + x.ndim for axis in perm)),)

    def torch(self, call: TorchCall) -> str:
        perm = call.attrs["perm"]
        moved = [i - len(perm) for i, axis in enumerate(perm) if axis != i - len(perm)]
        if len(moved) == 2:
            return f"{call.args[0]}.transpose({moved[0]}, {moved[1]})"
        (x,) = call.types
        rank = x.rank + (x.stage == "sample")
        lead = [str(i) for i in range(rank - len(perm))]
        return f"{call.args[0]}.permute({', '.join([*lead, *map(str, perm)])})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        rank = call.rank(call.types[0])
        perm = [*range(rank - len(call.attrs["perm"])), *(axis + rank for axis in call.attrs["perm"])]
        return (emit.op("Transpose", call.args[0], perm=perm),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((2, 3, 4)),), {"perm": (-1, -2)}),
            Example((TensorType((2, 3, 4)),), {"perm": (-1, -3, -2)}),
            Example((TensorType((2, 3, 4)),), {"perm": (-2, -1, -3)}),
        )
