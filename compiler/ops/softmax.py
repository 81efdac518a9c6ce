"""Softmax."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, Param, TorchCall, Types, np
from .kinds import floats, full_axis, gather_all


class Definition(Op):
    """exp(x - max x) / sum of them along one axis: [..] -> [..].

    ONNX Softmax-13, `torch.softmax`. The maximum is taken out first, so large inputs do not overflow.
    """

    name = "softmax"
    params = (Param("axis", "axis", -1),)

    def infer(self, types: Types, attrs: Attrs) -> Types:
        floats(types)
        full_axis(attrs["axis"], types[0])
        return types

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        e = np.exp(xs[0] - xs[0].max(axis=attrs["axis"], keepdims=True))
        return (e / e.sum(axis=attrs["axis"], keepdims=True),)

    def reach(
        self,
        boxes: Sequence[Array],
        types: Types,
        attrs: Attrs,
        outs: Types,
    ) -> Arrays:
        """Each element sees its whole row."""
        return (gather_all(boxes[0], (attrs["axis"],)),)

    def torch(self, call: TorchCall) -> str:
        return f"{call.args[0]}.softmax({call.attrs['axis']})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Softmax", call.args[0], axis=call.attrs["axis"]),)

    def examples(self) -> tuple[Example, ...]:
        """Both of two unequal axes."""
        return (Example((TensorType((3, 5)),)), Example((TensorType((3, 5)),), {"axis": -2}))
