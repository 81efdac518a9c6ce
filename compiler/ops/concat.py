"""Tensors behind each other on an axis."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """[.., a], [.., b] -> [.., a + b]: `torch.cat`, ONNX Concat-13."""

    name = "concat"
    one_stage = True
    joins = True
    inputs = ("xs*",)
    params = (Param("axis", "axis", -1, structural=True),)

    def infer(self, types: Types, attrs: Attrs) -> Types:
        if len({x.dtype for x in types}) > 1:
            raise OpError("tensors of one element type, not " + " and ".join(sorted({x.dtype for x in types})))
        axis = full_axis(attrs["axis"], types[0]) + types[0].rank
        for x in types[1:]:
            pairs = [pair for i, pair in enumerate(zip(types[0].shape, x.shape, strict=False)) if i != axis]
            unequal = next(((a, b) for a, b in pairs if a != b), None)
            if x.rank != types[0].rank or unequal:
                raise OpError(
                    f"{list(types[0].shape)} and {list(x.shape)} differ in more than axis {attrs['axis']}",
                    sizes=unequal or (),
                )
        size = sum(x.shape[axis] for x in types)
        shape = (*types[0].shape[:axis], size, *types[0].shape[axis + 1 :])
        return (TensorType(shape, types[0].dtype, meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.concatenate(xs, axis=attrs["axis"]),)

    def torch(self, call: TorchCall) -> str:
        if len(call.args) == 1:
            return call.args[0]
        return f"torch.cat(({', '.join(call.args)}), {call.attrs['axis']})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        if len(call.args) == 1:
            return (emit.op("Identity", call.args[0]),)
        return (emit.op("Concat", *call.args, axis=call.attrs["axis"]),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)), TensorType((3, 2))), {"axis": -1}),
            Example((TensorType((1, 4)), TensorType((3, 4))), {"axis": -2}),
        )
