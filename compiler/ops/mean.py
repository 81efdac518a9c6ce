"""The mean along axes."""

from ..ir.graph import Attrs
from .base import Array, Types
from .elementwise import Reduce
from .kinds import floats


class Definition(Reduce):
    """mean(x, axes, keep): the mean along the axes. `torch.mean`, ONNX ReduceMean-18."""

    name = "mean"
    onnx_type = "ReduceMean"
    method = "mean"

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The shape without the axes; of floats."""
        floats(types)
        return super().infer(types, attrs)

    def compute(self, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
        return x.mean(axis=axes, keepdims=keep)
