"""A > b."""

from .base import Array
from .elementwise import Compare


class Definition(Compare):
    """greater: a > b, element by element. ONNX Greater."""

    name = "greater"
    operator = ">"
    onnx_type = "Greater"
    text = "{a} > {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a > b
