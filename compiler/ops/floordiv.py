"""a // b."""

from .base import Array, OnnxCall, OnnxEmitter
from .elementwise import Binary, cast_operands


class Definition(Binary):
    """floordiv: a / b rounded down, broadcast from the right. ONNX Div and Floor."""

    name = "floordiv"
    onnx_type = "Div"
    text = "{a} // {b}"
    positive = True

    def compute(self, a: Array, b: Array) -> Array:
        """As the formula says."""
        return a // b

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Floor of the quotient; integers go through floats."""
        if call.outs[0].dtype == "float":
            return (emit.op("Floor", emit.op("Div", *cast_operands(emit, call))),)
        a, b = (emit.op("Cast", x, to=11) for x in call.args)
        return (emit.op("Cast", emit.op("Floor", emit.op("Div", a, b)), to=7),)
