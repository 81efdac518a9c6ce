"""The cosine."""

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """cos(x): the cosine. ONNX Cos."""

    name = "cos"
    onnx_type = "Cos"
    text = "{x}.cos()"

    def compute(self, x: Array) -> Array:
        return np.cos(x)
