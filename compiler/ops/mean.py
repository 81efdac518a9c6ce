"""The mean along axes."""

from .base import Array
from .elementwise import Reduce


class Definition(Reduce):
    """mean(x, axes, keep): the mean along the axes. `torch.mean`, ONNX ReduceMean-18."""

    name = "mean"
    onnx_type = "ReduceMean"
    method = "mean"

    def compute(self, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
        """As numpy does it."""
        return x.mean(axis=axes, keepdims=keep)
