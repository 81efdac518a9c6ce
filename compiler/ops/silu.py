"""Sigmoid linear unit (Elfwing et al. 2017)."""

from collections.abc import Mapping
from typing import Any

from ..ir.graph import Attrs
from .base import Array, OnnxEmitter
from .elementwise import FloatUnary
from .kinds import logistic


class Definition(FloatUnary):
    """x * sigmoid(x): `F.silu`; ONNX Sigmoid and Mul, since Swish-24 has no kernel of its own in ONNX Runtime."""

    name = "silu"
    onnx_type = "Sigmoid"
    text = "F.silu({x})"

    def compute(self, x: Array) -> Array:
        """As the formula says."""
        return x * logistic(x)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str | None:
        """nn.SiLU(), in a list of layers."""
        return "nn.SiLU()"

    def float_onnx(self, emit: OnnxEmitter, x: str) -> tuple[str, ...]:
        """Sigmoid, Mul."""
        return (emit.op("Mul", x, emit.op("Sigmoid", x)),)
