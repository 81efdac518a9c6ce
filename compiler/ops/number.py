"""A number of the text."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import COMPUTED, TensorType
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Source


class Definition(Source):
    """A scalar: printed as a literal in torch, a 0-d initialiser in ONNX."""

    name = "number"
    params = (Param("value", "scalar"), Param("dtype", "dtype", structural=True))
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        return (TensorType((), attrs["dtype"], "const"),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        return attrs["value"], attrs["value"]

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.asarray(attrs["value"], COMPUTED[attrs["dtype"]]),)

    def torch(self, call: TorchCall) -> str:
        return f"{call.attrs['value']}"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.scalar(call.attrs["value"], call.attrs["dtype"]),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((), {"value": 1.5, "dtype": "float"}),
            Example((), {"value": 3, "dtype": "int"}),
        )
