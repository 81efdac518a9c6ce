"""The natural logarithm."""

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """log(x): the natural logarithm. ONNX Log."""

    name = "log"
    onnx_type = "Log"
    text = "{x}.log()"
    positive = True

    def compute(self, x: Array) -> Array:
        return np.log(x)
