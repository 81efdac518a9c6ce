"""A ** b."""

from .base import Array
from .elementwise import Binary


class Definition(Binary):
    """pow: a ** b, broadcast from the right. ONNX Pow."""

    name = "pow"
    operator = "**"
    onnx_type = "Pow"
    text = "{a} ** {b}"
    positive = True

    def compute(self, a: Array, b: Array) -> Array:
        return a**b
