"""a // b."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from .base import Array, Bounds, OnnxCall, OnnxEmitter, TorchCall, np
from .elementwise import cast_operands
from .quotients import Quotient


class Definition(Quotient):
    """floordiv: a / b rounded down, broadcast from the right. ONNX Div and Floor."""

    name = "floordiv"
    operator = "//"
    onnx_type = "Div"
    text = "{a} // {b}"

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        """Those of the quotients at the ends, of a divisor above 0."""
        ends = [a // b for a in xs[0] for b in xs[1]] if xs[1][0] > 0 else []
        return (min(ends), max(ends)) if ends else None

    def compute(self, a: Array, b: Array) -> Array:
        """The quotient rounded down."""
        return a // b if a.dtype.kind == b.dtype.kind == "i" else np.floor(a / b)

    def torch(self, call: TorchCall) -> str:
        """`//` of integers; of floats it has no gradient in torch, of a number and a tensor no form in TorchScript."""
        if call.outs[0].dtype == "float":
            return f"({call.args[0]} / {call.args[1]}).floor()"
        a = f"torch.tensor({call.args[0]})" if 0 in call.literals else call.args[0]
        return f"{a} // {call.args[1]}"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Floor of the quotient; integers go through floats of 64 bits."""
        if call.outs[0].dtype == "float":
            return (emit.op("Floor", emit.op("Div", *cast_operands(emit, call))),)
        a, b = (emit.op("Cast", x, to=11) for x in call.args)
        return (emit.op("Cast", emit.op("Floor", emit.op("Div", a, b)), to=7),)
