"""A < b."""

from .base import Array
from .elementwise import Compare


class Definition(Compare):
    """less: a < b, element by element. ONNX Less."""

    name = "less"
    operator = "<"
    onnx_type = "Less"
    text = "{a} < {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a < b
