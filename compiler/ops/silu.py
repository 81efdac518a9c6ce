"""Sigmoid linear unit (Elfwing et al. 2017)."""

from collections.abc import Mapping
from typing import Any

from ..ir.graph import Attrs
from .base import Array, OnnxCall, OnnxEmitter, np
from .elementwise import Unary


class Definition(Unary):
    """x * sigmoid(x): `F.silu`; ONNX Sigmoid and Mul, since Swish-24 has no kernel of its own in ONNX Runtime."""

    name = "silu"
    onnx_type = "Sigmoid"
    text = "F.silu({x})"

    def compute(self, x: Array) -> Array:
        """As the formula says."""
        return x / (1 + np.exp(-x))

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str | None:
        """nn.SiLU(), in a list of layers."""
        return "nn.SiLU()"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Sigmoid, Mul."""
        return (emit.op("Mul", call.args[0], emit.op("Sigmoid", call.args[0])),)
