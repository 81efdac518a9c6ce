"""a % b."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from .base import Array, Bounds, OnnxCall, OnnxEmitter, TorchCall
from .elementwise import cast_operands
from .quotients import Quotient


class Definition(Quotient):
    """mod: what a // b leaves, of the sign of b. ONNX Mod for integers, a - floor(a / b) * b for floats."""

    name = "mod"
    operator = "%"
    onnx_type = "Mod"
    text = "{a} % {b}"

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        """0 and the divisor, where that is above 0; of integers the last one below it."""
        (low, most), integers = xs[1], all(isinstance(end, int) for pair in xs for end in pair)
        return (0, most - 1 if integers else most) if low > 0 else None

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
