"""a / b."""

from .base import Array
from .elementwise import Binary


class Definition(Binary):
    """div: a / b as floats, broadcast from the right. ONNX Div."""

    name = "div"
    operator = "/"
    onnx_type = "Div"
    text = "{a} / {b}"
    positive = True
    gives = "float"

    def compute(self, a: Array, b: Array) -> Array:
        return a / b
