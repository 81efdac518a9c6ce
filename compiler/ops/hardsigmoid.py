"""Clip(x / 6 + 1/2, 0, 1)."""

from .base import Array, OnnxEmitter, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """hardsigmoid(x): clip(x / 6 + 1/2, 0, 1). ONNX HardSigmoid."""

    name = "hardsigmoid"
    onnx_type = "HardSigmoid"
    text = "F.hardsigmoid({x})"

    def compute(self, x: Array) -> Array:
        return np.clip(x / 6 + 0.5, 0, 1)

    def float_onnx(self, emit: OnnxEmitter, x: str) -> tuple[str, ...]:
        """HardSigmoid with torch's slope."""
        return (emit.op("HardSigmoid", x, alpha=1 / 6, beta=0.5),)
