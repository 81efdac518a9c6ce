"""log2."""

from .base import Array, OnnxEmitter, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """log2(x): `torch.log2`; ONNX has no operator of that name."""

    name = "log2"
    onnx_type = "Log"
    text = "{x}.log2()"
    positive = True

    def compute(self, x: Array) -> Array:
        return np.log2(x)

    def float_onnx(self, emit: OnnxEmitter, x: str) -> tuple[str, ...]:
        return (emit.op("Div", emit.op("Log", x), emit.scalar(0.6931471805599453)),)
