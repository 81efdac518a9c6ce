"""Clip(x / 6 + 1/2, 0, 1)."""

from .base import Array, OnnxCall, OnnxEmitter, np
from .elementwise import Unary


class Definition(Unary):
    """hardsigmoid(x): clip(x / 6 + 1/2, 0, 1). ONNX HardSigmoid."""

    name = "hardsigmoid"
    onnx_type = "HardSigmoid"
    text = "F.hardsigmoid({x})"

    def compute(self, x: Array) -> Array:
        """As the formula says."""
        return np.clip(x / 6 + 0.5, 0, 1)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """HardSigmoid with torch's slope."""
        return (emit.op("HardSigmoid", call.args[0], alpha=1 / 6, beta=0.5),)
