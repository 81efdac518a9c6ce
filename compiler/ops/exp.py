"""E**x."""

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """exp(x): e**x. ONNX Exp."""

    name = "exp"
    onnx_type = "Exp"
    text = "{x}.exp()"

    def compute(self, x: Array) -> Array:
        return np.exp(x)
