"""The larger."""

from .base import Array, np
from .elementwise import Binary


class Definition(Binary):
    """maximum: the larger, broadcast from the right. ONNX Max."""

    name = "maximum"
    onnx_type = "Max"
    text = "torch.maximum({a}, {b})"

    def compute(self, a: Array, b: Array) -> Array:
        """As the formula says."""
        return np.maximum(a, b)
