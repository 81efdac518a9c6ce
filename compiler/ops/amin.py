"""The smallest along axes."""

from .base import Array
from .elementwise import Reduce


class Definition(Reduce):
    """amin(x, axes, keep): the smallest along the axes. `torch.amin`, ONNX ReduceMin-18."""

    name = "amin"
    function = "min"
    onnx_type = "ReduceMin"
    method = "amin"

    def compute(self, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
        return x.min(axis=axes, keepdims=keep)
