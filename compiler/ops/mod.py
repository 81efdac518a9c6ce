"""a % b."""

from .base import Array, OnnxCall, OnnxEmitter, TorchCall
from .elementwise import cast_operands
from .quotients import Quotient


class Definition(Quotient):
    """mod: what a // b leaves, of the sign of b. ONNX Mod for integers, a - floor(a / b) * b for floats."""

    name = "mod"
    operator = "%"
    onnx_type = "Mod"
    text = "{a} % {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a % b

    def torch(self, call: TorchCall) -> str:
        """`%`; a number on the left becomes a tensor, as torch has no gradient of it otherwise."""
        if 0 not in call.literals:
            return super().torch(call)
        a, b = call.args
        dtype = ", dtype=torch.float64" if call.types[0].dtype == "float" else ""
        wide = ".float()" if dtype and call.types[1].dtype == "int" else ""
        return f"torch.tensor({a}{dtype}) % {b}{wide}"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """ONNX Mod of floats is that of C: written out."""
        if call.outs[0].dtype == "int":
            return (emit.op("Mod", *call.args),)
        a, b = cast_operands(emit, call)
        whole = emit.op("Floor", emit.op("Div", a, b))
        return (emit.op("Sub", a, emit.op("Mul", whole, b)),)
