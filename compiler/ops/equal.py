"""A == b."""

from .base import Array
from .elementwise import Compare


class Definition(Compare):
    """equal: a == b, element by element. ONNX Equal."""

    name = "equal"
    operator = "=="
    onnx_type = "Equal"
    text = "{a} == {b}"
    bools = True

    def compute(self, a: Array, b: Array) -> Array:
        return a == b
