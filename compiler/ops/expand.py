"""A new axis along which all is repeated."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """[.., b] -> [.., size, b], the new axis at `axis` of the result: `torch.unsqueeze` and `expand`; ONNX Unsqueeze-23, Expand-13. Made by `repeat`."""

    name = "expand"
    params = (Param("axis", "axis", structural=True), Param("size", "int", minimum=1))
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,) = types
        shape = list(x.shape)
        shape.insert(len(shape) + 1 + attrs["axis"], attrs["size"])
        return (TensorType(tuple(shape), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.repeat(np.expand_dims(xs[0], attrs["axis"]), attrs["size"], axis=attrs["axis"]),)

    def torch(self, call: TorchCall) -> str:
        axis, size = call.attrs["axis"], call.attrs["size"]
        return f"{call.args[0]}.unsqueeze({axis}).repeat_interleave({size}, {axis})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        shape = [1] * call.rank(call.outs[0])
        shape[call.attrs["axis"]] = call.attrs["size"]
        wide = emit.op("Unsqueeze", call.args[0], emit.ints(call.attrs["axis"]))
        return (emit.op("Expand", wide, emit.ints(*shape)),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)),), {"axis": -1, "size": 2}),
            Example((TensorType((3, 4)),), {"axis": -2, "size": 5}),
            Example((TensorType((3, 4), stage="shared"),), {"axis": -3, "size": 2}),
        )
