"""Not x."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, TorchCall, Types, np
from .kinds import Elementwise


class Definition(Elementwise):
    """logical_not: true where x is false. `~` in torch, ONNX Not."""

    name = "logical_not"
    operator = "not"

    def infer(self, types: Types, attrs: Attrs) -> Types:
        if types[0].dtype != "bool":
            raise OpError("it takes truth values, not numbers")
        return types

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (~xs[0],)

    def torch(self, call: TorchCall) -> str:
        """In brackets: `~` binds more weakly than a method."""
        return f"(~{call.args[0]})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Not", call.args[0]),)

    def examples(self) -> tuple[Example, ...]:
        return (Example((TensorType((3, 4), "bool"),)),)
