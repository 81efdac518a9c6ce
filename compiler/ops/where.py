"""One of two, by a condition."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, OpError, TorchCall, Types, np
from .kinds import Elementwise, broadcast


class Definition(Elementwise):
    """a where c is true, else b, broadcast from the right: `torch.where`, ONNX Where-16."""

    name = "where"
    inputs = ("c", "a", "b")

    def infer(self, types: Types, attrs: Attrs) -> Types:
        if types[0].dtype != "bool":
            raise OpError("the condition is a truth value for each element")
        if "bool" in (types[1].dtype, types[2].dtype) and types[1].dtype != types[2].dtype:
            raise OpError("a truth value on one side, a number on the other")
        dtype = "float" if "float" in (types[1].dtype, types[2].dtype) else types[1].dtype
        return (TensorType(broadcast(types), dtype, meet(types)),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        return min(xs[1][0], xs[2][0]), max(xs[1][1], xs[2][1])

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.where(*xs),)

    def torch(self, call: TorchCall) -> str:
        return f"torch.where({', '.join(call.args)})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Where-16, both sides of one type; of truth values (c and a) or (not c and b)."""
        (c, a, b), outs = call.args, call.outs[0].dtype
        if outs == "bool":
            return (emit.op("Or", emit.op("And", c, a), emit.op("And", emit.op("Not", c), b)),)
        a, b = (x if t.dtype == outs else emit.op("Cast", x, to=1) for x, t in zip((a, b), call.types[1:], strict=True))
        return (emit.op("Where", c, a, b),)

    def examples(self) -> tuple[Example, ...]:
        c, x, row = TensorType((3, 4), "bool"), TensorType((3, 4)), TensorType((4,), stage="shared")
        return (
            Example((c, x, row)),
            Example((c, c, TensorType((4,), "bool", "shared"))),
            Example((c, TensorType((3, 4), "int"), x)),
        )
