"""Elements set to zero at random under training (Srivastava et al. 2014)."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """The identity at inference; under training what is left is scaled by 1 / (1 - rate)."""

    name = "dropout"
    params = (Param("rate", "float", minimum=0, below=1),)
    random = True
    idle = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        if types[0].stage == "const" and attrs["rate"]:
            raise OpError("a constant is computed once: there is nothing to draw")
        return types

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (xs[0],)

    def vanishes(self, attrs: Attrs) -> bool:
        """At rate 0."""
        return attrs["rate"] == 0

    def torch(self, call: TorchCall) -> str:
        return f"F.dropout({call.args[0]}, {call.attrs['rate']}, self.training)"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (call.args[0],)

    def examples(self) -> tuple[Example, ...]:
        return (Example((TensorType((3, 4)),), {"rate": 0.5}),)
