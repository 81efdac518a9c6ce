"""rsqrt."""

from .base import Array, OnnxEmitter, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """rsqrt(x): `torch.rsqrt`; ONNX has no operator of that name."""

    name = "rsqrt"
    onnx_type = "Sqrt"
    text = "{x}.rsqrt()"
    positive = True

    def compute(self, x: Array) -> Array:
        return 1 / np.sqrt(x)

    def float_onnx(self, emit: OnnxEmitter, x: str) -> tuple[str, ...]:
        return (emit.op("Reciprocal", emit.op("Sqrt", x)),)
