"""Numbers at equal steps."""

from collections.abc import Sequence
from math import ceil, isfinite

from ..ir.graph import Attrs
from ..ir.types import COMPUTED, TensorType
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Source


class Definition(Source):
    """start, start + step, ... below stop: `torch.arange`; a constant."""

    name = "arange"
    params = (
        Param("start", "scalar"),
        Param("stop", "scalar"),
        Param("step", "scalar"),
        Param("dtype", "dtype", structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        span = (attrs["stop"] - attrs["start"]) / attrs["step"]
        if not isfinite(span):
            raise OpError("start, stop and step are finite")
        whole = all(isinstance(attrs[name], int) for name in ("start", "stop", "step"))
        count = -((attrs["start"] - attrs["stop"]) // attrs["step"]) if whole else ceil(span)
        if count < 1:
            raise OpError("nothing lies between start and stop")
        return (TensorType((count,), attrs["dtype"], "const"),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        """The first and the last of integers; floats are rounded on the way."""
        start, step = attrs["start"], attrs["step"]
        if attrs["dtype"] != "int":
            return None
        last = start + (ceil((attrs["stop"] - start) / step) - 1) * step
        return min(start, last), max(start, last)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        dtype = COMPUTED[attrs["dtype"]]
        start: float = attrs["start"]
        stop: float = attrs["stop"]
        step: float = attrs["step"]
        return (np.arange(start, stop, step).astype(dtype),)

    def torch(self, call: TorchCall) -> str:
        start, stop, step = (call.attrs[name] for name in ("start", "stop", "step"))
        dtype = "" if call.attrs["dtype"] == "int" else ", dtype=torch.float64"
        if step != 1:
            return f"torch.arange({start}, {stop}, {step}{dtype})"
        return f"torch.arange({'' if start == 0 else f'{start}, '}{stop}{dtype})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.array(self.evaluate((), call.attrs)[0]),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((), {"start": 1, "stop": 9, "step": 3, "dtype": "int"}),
            Example((), {"start": 0.5, "stop": 3.0, "step": 0.5, "dtype": "float"}),
            Example((), {"start": -1.0, "stop": 5.0, "step": 0.3, "dtype": "float"}),
        )
