"""Neighbouring axes made one."""

from collections.abc import Sequence
from math import prod

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """[.., a, b, ..] -> [.., a * b, ..]: `torch.flatten`, ONNX Reshape-14. Made by `rearrange`."""

    name = "flatten"
    params = (Param("axis", "axis", structural=True), Param("count", "int", minimum=2, structural=True))
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,) = types
        start, count = full_axis(attrs["axis"], x) + x.rank, attrs["count"]
        merged = prod(x.shape[start : start + count])
        return (TensorType((*x.shape[:start], merged, *x.shape[start + count :]), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        (x,) = xs
        start, count = attrs["axis"] + x.ndim, attrs["count"]
        return (x.reshape((*x.shape[:start], -1, *x.shape[start + count :])),)

    def torch(self, call: TorchCall) -> str:
        first, last = call.attrs["axis"], call.attrs["axis"] + call.attrs["count"] - 1
        return f"{call.args[0]}.flatten({first})" if last == -1 else f"{call.args[0]}.flatten({first}, {last})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Reshape", call.args[0], emit.ints(*call.shape(call.outs[0]))),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((2, 3, 4)),), {"axis": -2, "count": 2}),
            Example((TensorType((2, 3, 4)),), {"axis": -3, "count": 2}),
            Example((TensorType((2, 3, 4)),), {"axis": -3, "count": 3}),
        )
