"""A + b."""

from operator import add

from .base import Array
from .elementwise import Binary


class Definition(Binary):
    """add: a + b, broadcast from the right. ONNX Add."""

    name = "add"
    operator = "+"
    at_ends = add
    keeps_shut = True
    onnx_type = "Add"
    text = "{a} + {b}"

    def compute(self, a: Array, b: Array) -> Array:
        return a + b
