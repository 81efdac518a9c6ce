"""rsqrt."""

from .base import Array, OnnxCall, OnnxEmitter, np
from .elementwise import Unary


class Definition(Unary):
    """rsqrt(x): `torch.rsqrt`; ONNX has no operator of that name."""

    name = "rsqrt"
    onnx_type = "Sqrt"
    text = "{x}.rsqrt()"
    positive = True

    def compute(self, x: Array) -> Array:
        """As numpy does it."""
        return 1 / np.sqrt(x)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Two operators."""
        return (emit.op("Reciprocal", emit.op("Sqrt", call.args[0])),)
