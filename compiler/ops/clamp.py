"""Numbers kept within bounds."""

from collections.abc import Sequence
from math import inf
from typing import Any

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .elementwise import numbers
from .kinds import Elementwise


class Definition(Elementwise):
    """min(max(x, min), max), either bound may be none: `torch.clamp`, ONNX Clip-13. By tensors: `max(x, low)`."""

    name = "clamp"
    params = (Param("min", "scalar", None, structural=True), Param("max", "scalar", None, structural=True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        numbers(types)
        bounds = [bound for bound in (attrs["min"], attrs["max"]) if bound is not None]
        if not bounds:
            raise OpError("it takes min, max or both")
        if sorted(bounds) != bounds:
            raise OpError(f"nothing lies between {bounds[0]} and {bounds[1]}", about="max")
        if types[0].dtype == "int" and not all(isinstance(bound, int) for bound in bounds):
            raise OpError("integers are bounded by integers")
        return types

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        low = -inf if attrs["min"] is None else attrs["min"]
        high = inf if attrs["max"] is None else attrs["max"]
        return max(low, min(high, xs[0][0])), max(low, min(high, xs[0][1]))

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.clip(xs[0], attrs["min"], attrs["max"]),)

    def torch(self, call: TorchCall) -> str:
        bounds = [f"{name}={call.attrs[name]}" for name in ("min", "max") if call.attrs[name] is not None]
        return f"{call.args[0]}.clamp({', '.join(bounds)})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Clip; a bound that is absent is an empty name."""

        def bound(value: Any) -> str:
            return "" if value is None else emit.scalar(value, call.types[0].dtype)

        low, high = bound(call.attrs["min"]), bound(call.attrs["max"])
        return (emit.op("Clip", call.args[0], low, *([high] if high else [])),)

    def examples(self) -> tuple[Example, ...]:
        """One bound, the other, both; integers."""
        x = TensorType((3, 40))
        return (
            Example((x,), {"min": -0.5, "max": 0.7}),
            Example((x,), {"min": -0.5}),
            Example((x,), {"max": 0.7}),
            Example((TensorType((3, 40), "int"),), {"min": 1, "max": 2}),
        )
