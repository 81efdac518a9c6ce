"""The error function."""

from math import erf

from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """erf(x): twice the integral of exp(-t**2) from 0 to x over sqrt(pi). ONNX Erf."""

    name = "erf"
    onnx_type = "Erf"
    text = "{x}.erf()"

    def compute(self, x: Array) -> Array:
        """By the C library, in float64."""
        return np.vectorize(erf, otypes=[np.float64])(x.astype(np.float64))
