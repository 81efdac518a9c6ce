"""Tensors on a new axis."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement


class Definition(Movement):
    """n tensors [..] -> [.., n, ..], the new axis at `axis` of the result: `torch.stack`; ONNX Unsqueeze-13, Concat-13."""

    name = "stack"
    one_stage = True
    inputs = ("xs*",)
    params = (Param("axis", "axis", -1, structural=True),)

    def infer(self, types: Types, attrs: Attrs) -> Types:
        if len({x.dtype for x in types}) > 1:
            raise OpError("tensors of one element type, not " + " and ".join(sorted({x.dtype for x in types})))
        if any(x.shape != types[0].shape for x in types):
            raise OpError("stack takes tensors of one shape, not " + " and ".join(str(list(x.shape)) for x in types))
        shape = list(types[0].shape)
        shape.insert(len(shape) + 1 + attrs["axis"], len(types))
        return (TensorType(tuple(shape), types[0].dtype, meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.stack(xs, axis=attrs["axis"]),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Boxes are stacked as numbers are."""
        return self.evaluate(boxes, attrs)

    def torch(self, call: TorchCall) -> str:
        if len(call.literals) == len(call.args):
            dtype = ", dtype=torch.float64" if call.types[0].dtype == "float" else ""
            return f"torch.tensor([{', '.join(call.args)}]{dtype})"
        return f"torch.stack(({', '.join(call.args)},), {call.attrs['axis']})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        axis = call.attrs["axis"]
        parts = [emit.op("Unsqueeze", x, emit.ints(axis)) for x in call.args]
        return (emit.op("Concat", *parts, axis=axis),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)), TensorType((3, 4))), {"axis": -1}),
            Example((TensorType((3, 4)), TensorType((3, 4))), {"axis": -3}),
        )
