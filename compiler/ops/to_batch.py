"""A shared tensor repeated for each sample."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """x [..] shared, like [..] per sample -> x per sample: `torch.expand`, ONNX Expand-13. Made where shared meets sample."""

    name = "to_batch"
    inputs = ("x", "like")
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        x, _ = types
        return (TensorType(x.shape, x.dtype, "sample"),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        x, like = xs
        return (np.broadcast_to(x, (like.shape[0], *x.shape)),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """A shared tensor sees nothing of the input."""
        return (boxes[0],)

    def torch(self, call: TorchCall) -> str:
        x, like = call.args
        if 0 in call.literals:
            return f"torch.full(({like}.shape[0],), {x}, device={like}.device)"
        return f"{x}.expand({like}.shape[0]{', -1' * call.types[0].rank})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        shape = (
            emit.op("Concat", emit.batch(), emit.ints(*call.types[0].shape), axis=0)
            if call.types[0].rank
            else emit.batch()
        )
        return (emit.op("Expand", call.args[0], shape),)

    def examples(self) -> tuple[Example, ...]:
        return (Example((TensorType((3, 4), stage="shared"), TensorType((2,)))),)
