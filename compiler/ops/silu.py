"""Sigmoid linear unit (Elfwing et al. 2017)."""

from .base import Array, OnnxEmitter
from .elementwise import FloatUnary
from .kinds import logistic


class Definition(FloatUnary):
    """x * sigmoid(x): `F.silu`; ONNX Sigmoid and Mul, since Swish-24 has no kernel of its own in ONNX Runtime."""

    name = "silu"
    onnx_type = "Sigmoid"
    text = "F.silu({x})"

    def compute(self, x: Array) -> Array:
        return x * logistic(x)

    def float_onnx(self, emit: OnnxEmitter, x: str) -> tuple[str, ...]:
        return (emit.op("Mul", x, emit.op("Sigmoid", x)),)
