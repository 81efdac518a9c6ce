"""The sum along axes."""

from .base import Array
from .elementwise import Reduce


class Definition(Reduce):
    """sum(x, axes, keep): the sum along the axes. `torch.sum`, ONNX ReduceSum-18."""

    name = "sum"
    onnx_type = "ReduceSum"
    method = "sum"

    def compute(self, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
        return x.sum(axis=axes, keepdims=keep)
