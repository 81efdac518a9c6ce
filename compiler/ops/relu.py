"""Max(x, 0)."""

from .base import Array, OnnxCall, OnnxEmitter, np
from .elementwise import Unary


class Definition(Unary):
    """relu(x): max(x, 0). ONNX Relu."""

    name = "relu"
    onnx_type = "Relu"
    text = "F.relu({x})"

    def compute(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Relu; Max of integers, which ONNX Runtime's Relu does not take."""
        if call.types[0].dtype == "float":
            return (emit.op("Relu", call.args[0]),)
        return (emit.op("Max", call.args[0], emit.scalar(0, "int")),)
