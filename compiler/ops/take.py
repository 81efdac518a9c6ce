"""Elements picked by an index table."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """x along one axis at the places of `index`, whose axes replace it: a table of integers, or a row [k] for each sample. ONNX Gather-13."""

    name = "take"
    inputs = ("x", "index")
    per_sample = "gather"
    picks = True
    params = (Param("axis", "axis", -1, structural=True),)

    def infer(self, types: Types, attrs: Attrs) -> Types:
        x, index = types
        if index.dtype != "int" or index.stage == "sample":
            raise OpError(f"the index is a table of integers, not of {index.dtype}s")
        axis = full_axis(attrs["axis"], x) + x.rank
        return (TensorType((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]), x.dtype, meet(types)),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        return xs[0]

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.take(xs[0], xs[1].astype(np.int64), axis=attrs["axis"]),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """What any element of the axis sees: the table is not looked into."""
        seen = boxes[0].min(axis=attrs["axis"], keepdims=True)
        extra = types[1].rank - 1
        at = seen.ndim + attrs["axis"]
        spread = seen.reshape((*seen.shape[: at + 1], *(1,) * extra, *seen.shape[at + 1 :]))
        return (np.broadcast_to(spread, (4, *outs[0].shape)),)

    def torch(self, call: TorchCall) -> str:
        (x, index), axis = call.args, call.attrs["axis"]
        if call.types[0].stage != "sample" and axis == -call.types[0].rank:
            return f"{x}[{index}]"
        if call.types[1].rank == 1:
            return f"{x}.index_select({axis}, {index})"
        return f"{x}.index_select({axis}, {index}.flatten()).unflatten({axis}, {index}.shape)"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Gather", *call.args, axis=call.attrs["axis"]),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((4, 3)), TensorType((2, 5), "int", "const")), {"axis": -2}, high=3),
            Example((TensorType((3, 4)), TensorType((6,), "int", "const")), {"axis": -1}),
        )
