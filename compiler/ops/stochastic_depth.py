"""A branch left out for a sample at random under training (Huang et al. 2016)."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """The identity at inference; under training what is left is scaled by 1 / (1 - rate)."""

    name = "stochastic_depth"
    params = (Param("rate", "float", minimum=0, below=1),)
    random = True
    idle = True
    helper = '''
def stochastic_depth(x: Tensor, rate: float, training: bool) -> Tensor:
    """Leaves x out for a random share of the samples (Huang et al. 2016)."""
    if not training or rate == 0.0:
        return x
    keep = torch.rand([x.shape[0]] + [1] * (x.dim() - 1), device=x.device) >= rate
    return x * keep.to(x.dtype) / (1.0 - rate)
'''

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
        return f"stochastic_depth({call.args[0]}, {call.attrs['rate']}, self.training)"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (call.args[0],)

    def examples(self) -> tuple[Example, ...]:
        return (Example((TensorType((3, 4)),), {"rate": 0.5}),)
