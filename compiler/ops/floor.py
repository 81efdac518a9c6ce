"""The integer below."""

from .base import Array, np
from .elementwise import Unary


class Definition(Unary):
    """floor(x): the integer below. ONNX Floor."""

    name = "floor"
    onnx_type = "Floor"
    text = "{x}.floor()"

    def compute(self, x: Array) -> Array:
        """As the formula says."""
        return np.floor(x)
