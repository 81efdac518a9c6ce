"""The elements of an axis, which goes."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """[n, ..] -> n times [..]: `torch.unbind`; ONNX Split-18, Squeeze-13. Made by `unstack`."""

    name = "unbind"
    several = True
    params = (Param("axis", "axis", structural=True),)
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,) = types
        axis = full_axis(attrs["axis"], x) + x.rank
        one = TensorType((*x.shape[:axis], *x.shape[axis + 1 :]), x.dtype, x.stage)
        return (one,) * x.shape[axis]

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return tuple(np.moveaxis(xs[0], attrs["axis"], 0))

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Boxes are taken apart as numbers are."""
        return self.evaluate(boxes, attrs)

    def torch(self, call: TorchCall) -> str:
        return f"{call.args[0]}.unbind({call.attrs['axis']})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        axis, count = call.attrs["axis"], len(call.outs)
        parts = emit.ops("Split", count, call.args[0], emit.ints(*[1] * count), axis=axis)
        return tuple(emit.op("Squeeze", part, emit.ints(axis)) for part in parts)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)),), {"axis": -2}),
            Example((TensorType((3, 4)),), {"axis": -1}),
        )
