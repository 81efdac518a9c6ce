"""A <= b."""

from .base import Array
from .elementwise import Compare


class Definition(Compare):
    """less_equal: a <= b, element by element. ONNX LessOrEqual."""

    name = "less_equal"
    operator = "<="
    onnx_type = "LessOrEqual"
    text = "{a} <= {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a <= b
