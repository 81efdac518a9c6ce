"""The smaller."""

from .base import Array, np
from .elementwise import Extreme


class Definition(Extreme):
    """minimum: the smaller, broadcast from the right. ONNX Min."""

    name = "minimum"
    function = "min"
    at_ends = min
    onnx_type = "Min"
    text = "torch.minimum({a}, {b})"
    side = "max"

    def compute(self, a: Array, b: Array) -> Array:
        return np.minimum(a, b)
