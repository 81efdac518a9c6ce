"""A * b."""

from operator import mul

from .base import Array
from .elementwise import Binary


class Definition(Binary):
    """mul: a * b, broadcast from the right. ONNX Mul."""

    name = "mul"
    operator = "*"
    at_ends = mul
    onnx_type = "Mul"
    text = "{a} * {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a * b
