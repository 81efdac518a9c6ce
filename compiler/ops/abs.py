"""|x|."""

from .base import Array, np
from .elementwise import Unary


class Definition(Unary):
    """abs(x): |x|. ONNX Abs."""

    name = "abs"
    onnx_type = "Abs"
    text = "{x}.abs()"

    def compute(self, x: Array) -> Array:
        return np.abs(x)
