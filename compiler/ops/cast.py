"""Another element type."""

from collections.abc import Sequence
from math import isfinite, trunc

from ..ir.graph import Attrs
from ..ir.types import COMPUTED, TensorType
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """x as float, int (towards zero) or bool: `.to`, ONNX Cast-21. Made by `int`."""

    name = "cast"
    params = (Param("dtype", "dtype", structural=True),)
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        return (TensorType(types[0].shape, attrs["dtype"], types[0].stage),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        (low, high), dtype = xs[0], attrs["dtype"]
        if dtype == "float":
            return xs[0]
        return (trunc(low), trunc(high)) if dtype == "int" and isfinite(low) and isfinite(high) else None

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (xs[0].astype(COMPUTED[attrs["dtype"]]),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """The same places."""
        return (boxes[0],)

    def torch(self, call: TorchCall) -> str:
        if call.attrs["dtype"] == "float":
            return f"{call.args[0]}.{'double' if call.types[0].stage == 'const' else 'float'}()"
        return f"{call.args[0]}.{'long' if call.attrs['dtype'] == 'int' else 'bool'}()"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Cast", call.args[0], to={"float": 1, "int": 7, "bool": 9}[call.attrs["dtype"]]),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)),), {"dtype": "int"}),
            Example((TensorType((3, 4), "int"),), {"dtype": "float"}),
        )
