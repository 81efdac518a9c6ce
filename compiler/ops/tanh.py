"""The hyperbolic tangent."""

from collections.abc import Mapping
from typing import Any

from ..ir.graph import Attrs
from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """tanh(x): the hyperbolic tangent. ONNX Tanh."""

    name = "tanh"
    onnx_type = "Tanh"
    text = "{x}.tanh()"

    def compute(self, x: Array) -> Array:
        """As the formula says."""
        return np.tanh(x)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str | None:
        """nn.Tanh(), in a list of layers."""
        return "nn.Tanh()"
