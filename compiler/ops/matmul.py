"""Matrix product."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, TorchCall, Types, np
from .kinds import aligned, broadcast, floats


class Definition(Op):
    """[.., n, k] @ [.., k, m] -> [.., n, m], leading axes broadcast: `torch.matmul`, ONNX MatMul-13."""

    name = "matmul"
    operator = "@"
    inputs = ("a", "b")
    aligns = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        floats(types)
        a, b = types
        if a.rank < 2 or b.rank < 2 or a.shape[-1] != b.shape[-2]:
            sizes = (a.shape[-1], b.shape[-2]) if a.rank > 1 and b.rank > 1 else ()
            raise OpError(
                f"{list(a.shape)} @ {list(b.shape)}: the last axis must be the other's last but one", sizes=sizes
            )
        lead = broadcast(tuple(TensorType(t.shape[:-2]) for t in types))
        return (TensorType((*lead, a.shape[-2], b.shape[-1]), "float", meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (xs[0] @ xs[1],)

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Elements of the result times the axis that goes."""
        return outs[0].size * types[0].shape[-1]

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """A row of the first, a column of the second."""
        a, b = aligned(boxes, outs[0].shape)
        seen = np.minimum(a.min(axis=-1, keepdims=True), b.min(axis=-2, keepdims=True))
        return (np.broadcast_to(seen, (4, *outs[0].shape)),)

    def torch(self, call: TorchCall) -> str:
        return f"{call.args[0]} @ {call.args[1]}"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("MatMul", *call.args),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((2, 3, 4)), TensorType((2, 4, 5)))),
            Example((TensorType((3, 4)), TensorType((4, 2), stage="shared"))),
        )
