"""A >= b."""

from .base import Array
from .elementwise import Compare


class Definition(Compare):
    """greater_equal: a >= b, element by element. ONNX GreaterOrEqual."""

    name = "greater_equal"
    operator = ">="
    onnx_type = "GreaterOrEqual"
    text = "{a} >= {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a >= b
