"""The largest along axes."""

from .base import Array
from .elementwise import Reduce


class Definition(Reduce):
    """amax(x, axes, keep): the largest along the axes. `torch.amax`, ONNX ReduceMax-18."""

    name = "amax"
    function = "max"
    onnx_type = "ReduceMax"
    method = "amax"

    def compute(self, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
        return x.max(axis=axes, keepdims=keep)
