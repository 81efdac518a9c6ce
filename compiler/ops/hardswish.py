"""X * hardsigmoid(x)."""

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """hardswish(x): x * hardsigmoid(x). ONNX HardSwish."""

    name = "hardswish"
    onnx_type = "HardSwish"
    text = "F.hardswish({x})"

    def compute(self, x: Array) -> Array:
        return x * np.clip(x / 6 + 0.5, 0, 1)
