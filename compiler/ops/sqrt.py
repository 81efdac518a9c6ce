"""The square root."""

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """sqrt(x): the square root. ONNX Sqrt."""

    name = "sqrt"
    onnx_type = "Sqrt"
    text = "{x}.sqrt()"
    positive = True

    def compute(self, x: Array) -> Array:
        return np.sqrt(x)
