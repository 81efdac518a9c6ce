"""The larger."""

from .base import Array, np
from .elementwise import Extreme


class Definition(Extreme):
    """maximum: the larger, broadcast from the right. ONNX Max."""

    name = "maximum"
    function = "max"
    at_ends = max
    onnx_type = "Max"
    text = "torch.maximum({a}, {b})"
    side = "min"

    def compute(self, a: Array, b: Array) -> Array:
        return np.maximum(a, b)
