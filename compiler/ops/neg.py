"""-x."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from .base import Array, Bounds
from .elementwise import Unary


class Definition(Unary):
    """neg(x): -x. ONNX Neg."""

    name = "neg"
    operator = "-"
    onnx_type = "Neg"
    text = "-{x}"

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        return -xs[0][1], -xs[0][0]

    def compute(self, x: Array) -> Array:
        return -x
