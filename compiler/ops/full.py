"""One number everywhere."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, Param, TorchCall, Types, np


class Definition(Op):
    """`torch.full`; a constant."""

    name = "full"
    inputs = ()
    params = (Param("shape", "ints", minimum=1), Param("value", "scalar"), Param("dtype", "dtype", structural=True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The type of the result."""
        return (TensorType(tuple(attrs["shape"]), attrs["dtype"], "const"),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The numbers."""
        return (np.full(attrs["shape"], attrs["value"], np.int64 if attrs["dtype"] == "int" else np.float64),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Sees nothing."""
        return tuple(np.full((4, *out.shape), NOWHERE, np.int32) for out in outs)

    def torch(self, call: TorchCall) -> str:
        """The expression."""
        shape = ", ".join(map(str, call.attrs["shape"]))
        dtype = "torch.long" if call.attrs["dtype"] == "int" else "torch.float64"
        return f"torch.full(({shape},), {call.attrs['value']}, dtype={dtype})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The nodes."""
        return (emit.array(self.evaluate((), call.attrs)[0]),)

    def examples(self) -> tuple[Example, ...]:
        """Types and attributes that show every attribute."""
        return (
            Example((), {"shape": (2, 3), "value": 1.5, "dtype": "float"}),
            Example((), {"shape": (4,), "value": 3, "dtype": "int"}),
        )
