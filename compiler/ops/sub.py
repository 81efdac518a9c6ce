"""A - b."""

from operator import sub

from .base import Array
from .elementwise import Binary


class Definition(Binary):
    """sub: a - b, broadcast from the right. ONNX Sub."""

    name = "sub"
    operator = "-"
    at_ends = sub
    onnx_type = "Sub"
    text = "{a} - {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a - b
