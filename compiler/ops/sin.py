"""The sine."""

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """sin(x): the sine. ONNX Sin."""

    name = "sin"
    onnx_type = "Sin"
    text = "{x}.sin()"

    def compute(self, x: Array) -> Array:
        return np.sin(x)
