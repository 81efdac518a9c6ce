"""A or b."""

from .base import Array
from .elementwise import Logical


class Definition(Logical):
    """logical_or: a or b of truth values, broadcast from the right. ONNX Or."""

    name = "logical_or"
    operator = "or"
    onnx_type = "Or"
    text = "{a} | {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a | b
