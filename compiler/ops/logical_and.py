"""A and b."""

from .base import Array
from .elementwise import Logical


class Definition(Logical):
    """logical_and: a and b of truth values, broadcast from the right. ONNX And."""

    name = "logical_and"
    operator = "and"
    onnx_type = "And"
    text = "{a} & {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a & b
