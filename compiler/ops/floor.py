"""The integer below."""

from .base import Array, OnnxCall, OnnxEmitter, np
from .elementwise import Unary


class Definition(Unary):
    """floor(x): the integer below. ONNX Floor."""

    name = "floor"
    onnx_type = "Floor"
    text = "{x}.floor()"

    def compute(self, x: Array) -> Array:
        return np.floor(x)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Floor; integers are their own."""
        return (emit.op("Floor" if call.types[0].dtype == "float" else "Identity", call.args[0]),)
