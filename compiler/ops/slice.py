"""A part of an axis."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """Every `step`th element from `start` up to `stop`, or to the end: `x[a:b:c]`, ONNX Slice-13. Made by indexing."""

    name = "slice"
    params = (
        Param("axis", "axis", structural=True),
        Param("start", "int", minimum=0),
        Param("stop", "int", None, minimum=0),
        Param("step", "int", minimum=1),
    )
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,) = types
        axis = full_axis(attrs["axis"], x) + x.rank
        part = slice(attrs["start"], attrs["stop"], attrs["step"])
        count = len(range(x.shape[axis])[part])
        return (TensorType((*x.shape[:axis], count, *x.shape[axis + 1 :]), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        part = slice(attrs["start"], attrs["stop"], attrs["step"])
        return (xs[0][(..., part, *(slice(None),) * (-attrs["axis"] - 1))],)

    def torch(self, call: TorchCall) -> str:
        start, stop, step = call.attrs["start"], call.attrs["stop"], call.attrs["step"]
        part = f"{'' if start == 0 else start}:{'' if stop is None else stop}" + ("" if step == 1 else f":{step}")
        return f"{call.args[0]}[..., {part}{', :' * (-call.attrs['axis'] - 1)}]"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        start, stop, step, axis = (call.attrs[name] for name in ("start", "stop", "step", "axis"))
        stop = call.types[0].shape[int(axis)] if stop is None else int(stop)
        return (emit.op("Slice", call.args[0], *map(emit.ints, (start, stop, axis, step))),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((5, 6)),), {"axis": -1, "start": 1, "stop": 6, "step": 2}),
            Example((TensorType((5, 6)),), {"axis": -2, "start": 0, "stop": 3, "step": 1}),
            Example((TensorType((5, 6)),), {"axis": -1, "start": 2, "stop": None, "step": 3}),
        )
