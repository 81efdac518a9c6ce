"""The hyperbolic tangent."""

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """tanh(x): the hyperbolic tangent. ONNX Tanh."""

    name = "tanh"
    onnx_type = "Tanh"
    text = "{x}.tanh()"

    def compute(self, x: Array) -> Array:
        return np.tanh(x)
