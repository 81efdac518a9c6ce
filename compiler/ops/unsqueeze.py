"""A new axis of one."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """[.., b] -> [.., 1, b], the new axis at `axis` of the result: `torch.unsqueeze`, ONNX Unsqueeze-13."""

    name = "unsqueeze"
    params = (Param("axis", "axis", structural=True),)
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,) = types
        shape = list(x.shape)
        shape.insert(len(shape) + 1 + attrs["axis"], 1)
        return (TensorType(tuple(shape), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.expand_dims(xs[0], attrs["axis"]),)

    def torch(self, call: TorchCall) -> str:
        return f"{call.args[0]}.unsqueeze({call.attrs['axis']})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Unsqueeze", call.args[0], emit.ints(call.attrs["axis"])),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)),), {"axis": -1}),
            Example((TensorType((3, 4)),), {"axis": -3}),
        )
