"""X * hardsigmoid(x)."""

from collections.abc import Mapping
from typing import Any

from ..ir.graph import Attrs
from .base import Array, np
from .elementwise import FloatUnary


class Definition(FloatUnary):
    """hardswish(x): x * hardsigmoid(x). ONNX HardSwish."""

    name = "hardswish"
    onnx_type = "HardSwish"
    text = "F.hardswish({x})"

    def compute(self, x: Array) -> Array:
        """As the formula says."""
        return x * np.clip(x / 6 + 0.5, 0, 1)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str | None:
        """nn.Hardswish(), in a list of layers."""
        return "nn.Hardswish()"
