"""-x."""

from .base import Array
from .elementwise import Unary


class Definition(Unary):
    """neg(x): -x. ONNX Neg."""

    name = "neg"
    operator = "-"
    onnx_type = "Neg"
    text = "-{x}"

    def compute(self, x: Array) -> Array:
        return -x
