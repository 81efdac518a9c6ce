"""1 / (1 + e**-x)."""

from collections.abc import Mapping
from typing import Any

from ..ir.graph import Attrs
from .base import Array
from .elementwise import FloatUnary
from .kinds import logistic


class Definition(FloatUnary):
    """sigmoid(x): 1 / (1 + e**-x). ONNX Sigmoid."""

    name = "sigmoid"
    onnx_type = "Sigmoid"
    text = "{x}.sigmoid()"

    def compute(self, x: Array) -> Array:
        """As the formula says."""
        return logistic(x)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str | None:
        """nn.Sigmoid(), in a list of layers."""
        return "nn.Sigmoid()"
