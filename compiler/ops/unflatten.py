"""One axis split into several."""

from collections.abc import Sequence
from math import prod

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """[.., a * b, ..] -> [.., a, b, ..]: `torch.unflatten`, ONNX Reshape-14. Made by `rearrange`."""

    name = "unflatten"
    params = (Param("axis", "axis", structural=True), Param("sizes", "ints", minimum=1))
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The axis replaced by the sizes, whose product it must be."""
        (x,), sizes = types, attrs["sizes"]
        axis = full_axis(attrs["axis"], x) + x.rank
        if prod(sizes) != x.shape[axis]:
            raise OpError(f"{x.shape[axis]} is not {' * '.join(map(str, sizes))}", sizes=(x.shape[axis], *sizes)[:2])
        return (TensorType((*x.shape[:axis], *sizes, *x.shape[axis + 1 :]), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        (x,) = xs
        axis = attrs["axis"] + x.ndim
        return (x.reshape((*x.shape[:axis], *attrs["sizes"], *x.shape[axis + 1 :])),)

    def torch(self, call: TorchCall) -> str:
        sizes = ", ".join(map(str, call.attrs["sizes"]))
        return f"{call.args[0]}.unflatten({call.attrs['axis']}, ({sizes},))"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Reshape", call.args[0], emit.ints(*call.shape(call.outs[0]))),)

    def examples(self) -> tuple[Example, ...]:
        """The last axis and one before it."""
        return (
            Example((TensorType((4, 6)),), {"axis": -1, "sizes": (2, 3)}),
            Example((TensorType((4, 6)),), {"axis": -2, "sizes": (2, 2)}),
            Example((TensorType((12, 6)),), {"axis": -2, "sizes": (3, 4)}),
        )
