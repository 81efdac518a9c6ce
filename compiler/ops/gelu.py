"""Gaussian error linear unit (Hendrycks and Gimpel 2016)."""

from collections.abc import Sequence
from math import erf, pi, sqrt

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Elementwise, floats


class Definition(Elementwise):
    """x * Phi(x), exact by erf or approximated by tanh: `F.gelu`, ONNX Gelu-20."""

    name = "gelu"
    params = (Param("approximate", "word", "none", choices=("none", "tanh"), structural=True),)

    def infer(self, types: Types, attrs: Attrs) -> Types:
        floats(types)
        return types

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        (x,) = xs
        if attrs["approximate"] == "tanh":
            return (0.5 * x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))),)
        phi = 0.5 * (1 + np.vectorize(erf, otypes=[np.float64])(x.astype(np.float64) / sqrt(2)))
        return ((x * phi).astype(x.dtype),)

    def torch(self, call: TorchCall) -> str:
        tanh = ", approximate='tanh'" if call.attrs["approximate"] == "tanh" else ""
        return f"F.gelu({call.args[0]}{tanh})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Gelu", call.args[0], approximate=call.attrs["approximate"]),)

    def examples(self) -> tuple[Example, ...]:
        x = TensorType((3, 40))
        return (Example((x,)), Example((x,), {"approximate": "tanh"}))
