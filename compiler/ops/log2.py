"""log2."""

from .base import Array, OnnxCall, OnnxEmitter, np
from .elementwise import Unary


class Definition(Unary):
    """log2(x): `torch.log2`; ONNX has no operator of that name."""

    name = "log2"
    onnx_type = "Log"
    text = "{x}.log2()"
    positive = True

    def compute(self, x: Array) -> Array:
        """As numpy does it."""
        return np.log2(x)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Two operators."""
        return (emit.op("Div", emit.op("Log", call.args[0]), emit.scalar(0.6931471805599453)),)
