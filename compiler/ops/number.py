"""A number of the text."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, Param, TorchCall, Types, np


class Definition(Op):
    """A scalar: printed as a literal in torch, a 0-d initialiser in ONNX."""

    name = "number"
    inputs = ()
    params = (Param("value", "scalar"), Param("dtype", "dtype", structural=True))
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The type of the result."""
        return (TensorType((), attrs["dtype"], "const"),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The numbers."""
        return (np.asarray(attrs["value"], {"float": np.float64, "int": np.int64, "bool": np.bool_}[attrs["dtype"]]),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Sees nothing."""
        return tuple(np.full((4, *out.shape), NOWHERE, np.int32) for out in outs)

    def torch(self, call: TorchCall) -> str:
        """The expression."""
        return f"{call.attrs['value']}"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The nodes."""
        return (emit.scalar(call.attrs["value"], call.attrs["dtype"]),)

    def examples(self) -> tuple[Example, ...]:
        """Types and attributes that show every attribute."""
        return (
            Example((), {"value": 1.5, "dtype": "float"}),
            Example((), {"value": 3, "dtype": "int"}),
        )
