"""An axis turned in a circle."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """Elements move by `shifts` along `axes`, those that fall off come in again: `torch.roll`; ONNX Slice-13, Concat-13."""

    name = "roll"
    params = (Param("shifts", "ints"), Param("axes", "axes", structural=True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        for axis in attrs["axes"]:
            full_axis(axis, types[0])
        if len(attrs["axes"]) != len(attrs["shifts"]):
            message = f"it takes a shift for each axis, not {list(attrs['shifts'])} for the axes {list(attrs['axes'])}"
            raise OpError(message, about="shifts")
        return types

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.roll(xs[0], attrs["shifts"], attrs["axes"]),)

    def torch(self, call: TorchCall) -> str:
        shifts, axes = (", ".join(map(str, call.attrs[name])) for name in ("shifts", "axes"))
        return f"{call.args[0]}.roll(({shifts},), ({axes},))"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        y = call.args[0]
        shifts, axes = (tuple[int, ...](call.attrs[name]) for name in ("shifts", "axes"))
        for shift, axis in zip(shifts, axes, strict=True):
            size = call.types[0].shape[axis]
            cut = -shift % size
            if cut:
                back = emit.op("Slice", y, emit.ints(cut), emit.ints(size), emit.ints(axis))
                front = emit.op("Slice", y, emit.ints(0), emit.ints(cut), emit.ints(axis))
                y = emit.op("Concat", back, front, axis=axis)
        return (y,)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)),), {"shifts": (1,), "axes": (-1,)}),
            Example((TensorType((3, 4)),), {"shifts": (-1, 2), "axes": (-2, -1)}),
        )
