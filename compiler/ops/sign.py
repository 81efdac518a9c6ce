"""-1, 0 or 1."""

from .base import Array, np
from .elementwise import Unary


class Definition(Unary):
    """sign(x): -1, 0 or 1. ONNX Sign."""

    name = "sign"
    onnx_type = "Sign"
    text = "{x}.sign()"

    def compute(self, x: Array) -> Array:
        return np.sign(x)
