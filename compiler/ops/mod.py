"""a % b."""

from .base import Array, OnnxCall, OnnxEmitter
from .elementwise import Binary, cast_operands


class Definition(Binary):
    """mod: what a // b leaves, of the sign of b. ONNX Mod for integers, a - floor(a / b) * b for floats."""

    name = "mod"
    onnx_type = "Mod"
    text = "{a} % {b}"
    positive = True

    def compute(self, a: Array, b: Array) -> Array:
        """As the formula says."""
        return a % b

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """ONNX Mod of floats is that of C: written out."""
        if call.outs[0].dtype == "int":
            return (emit.op("Mod", *call.args),)
        a, b = cast_operands(emit, call)
        whole = emit.op("Floor", emit.op("Div", a, b))
        return (emit.op("Sub", a, emit.op("Mul", whole, b)),)
