"""One element of an axis, which goes."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """`x[i]` on one axis: `torch.select`, ONNX Gather-13. Made by indexing."""

    name = "select"
    params = (Param("axis", "axis", structural=True), Param("index", "int", minimum=0))
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,) = types
        axis = full_axis(attrs["axis"], x) + x.rank
        return (TensorType((*x.shape[:axis], *x.shape[axis + 1 :]), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.take(xs[0], attrs["index"], axis=attrs["axis"]),)

    def torch(self, call: TorchCall) -> str:
        axis, index, (x,) = call.attrs["axis"], call.attrs["index"], call.types
        if x.rank == -axis:
            return f"{call.args[0]}[{':, ' if x.stage == 'sample' else ''}{index}]"
        return f"{call.args[0]}.select({axis}, {index})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        index = emit.scalar(call.attrs["index"], "int")
        return (emit.op("Gather", call.args[0], index, axis=call.attrs["axis"]),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)),), {"axis": -2, "index": 1}),
            Example((TensorType((3, 4)),), {"axis": -1, "index": 3}),
            Example((TensorType((3, 4), stage="shared"),), {"axis": -2, "index": 0}),
        )
