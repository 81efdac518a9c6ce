"""Some of many, drawn for each sample."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np


class Definition(Op):
    """`k` different integers below `n` for each sample of `like` under training, else 0 .. k: int [k].

    `torch.rand(B, n).argsort(1)[:, :k]` (He et al. 2022, token dropping); a constant in ONNX.
    """

    name = "random_subset"
    inputs = ("like",)
    params = (Param("n", "int", minimum=1), Param("k", "int", minimum=1))
    random = True
    helper = '''
def random_subset(like: Tensor, n: int, k: int, training: bool) -> Tensor:
    """Draws k of n places for each sample; at inference these are the first."""
    if not training:
        return torch.arange(k, device=like.device).expand(like.shape[0], k)
    return torch.rand(like.shape[0], n, device=like.device).argsort(1)[:, :k]
'''

    def infer(self, types: Types, attrs: Attrs) -> Types:
        if types[0].stage != "sample":
            raise OpError("it draws for each sample, and nothing here depends on the input")
        if attrs["k"] > attrs["n"]:
            raise OpError(f"{attrs['k']} of {attrs['n']} can't be drawn", sizes=(attrs["k"], attrs["n"]))
        return (TensorType((attrs["k"],), "int"),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The first k."""
        return (np.broadcast_to(np.arange(int(attrs["k"])), (xs[0].shape[0], attrs["k"])),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        return (np.full((4, *outs[0].shape), NOWHERE, np.int32),)

    def torch(self, call: TorchCall) -> str:
        """A function that printed code defines."""
        return f"random_subset({call.args[0]}, {call.attrs['n']}, {call.attrs['k']}, self.training)"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """A table, repeated."""
        k = int(call.attrs["k"])
        shape = emit.op("Concat", emit.batch(), emit.ints(k), axis=0)
        return (emit.op("Expand", emit.array(np.arange(k)), shape),)

    def examples(self) -> tuple[Example, ...]:
        return (Example((TensorType((3,)),), {"n": 7, "k": 3}),)
