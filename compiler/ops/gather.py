"""Elements picked by an index of each sample."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import full_axis


class Definition(Op):
    """x along one axis at the places of `index` [k], both per sample: `torch.gather`, ONNX GatherElements-13. Made by `take`."""

    name = "gather"
    one_stage = True
    inputs = ("x", "index")
    params = (Param("axis", "axis", -1, structural=True),)
    internal = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The axis becomes as long as the index."""
        x, index = types
        if index.dtype != "int" or index.rank != 1 or {x.stage, index.stage} != {"sample"}:
            raise OpError(f"an index that depends on the input is a row of integers, not {index}")
        axis = full_axis(attrs["axis"], x) + x.rank
        return (TensorType((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]), x.dtype),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        (x, index), axis = xs, attrs["axis"]
        ahead, behind = x.ndim + axis - 1, -axis - 1
        spread = index.reshape(len(index), *(1,) * ahead, index.shape[1], *(1,) * behind)
        return (np.take_along_axis(x, spread, axis=axis),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """What any element of the axis sees, since the index may pick any."""
        seen = boxes[0].min(axis=attrs["axis"], keepdims=True)
        return (np.broadcast_to(seen, (4, *outs[0].shape)),)

    def torch(self, call: TorchCall) -> str:
        """gather, the index widened to the other axes."""
        (x, index), axis, rank = call.args, call.attrs["axis"], call.types[0].rank
        if rank == 1:
            return f"{x}.gather({axis}, {index})"
        ahead, behind = rank + axis, -axis - 1
        wide = f"{index}[:{', None' * ahead}{', :' if behind else ''}{', None' * behind}]"
        shape = [f"{x}.shape[{i}]" for i in range(-rank, 0)]
        shape[axis] = "-1"
        return f"{x}.gather({axis}, {wide}.expand(-1, {', '.join(shape)}))"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """GatherElements, the index widened to the other axes."""
        (x, index), axis, out = call.args, call.attrs["axis"], call.outs[0]
        rank = out.rank
        at = [i for i in range(1, rank + 1) if i != rank + 1 + axis]
        wide = emit.op("Unsqueeze", index, emit.ints(*at)) if at else index
        shape = emit.op("Concat", emit.batch(), emit.ints(*out.shape), axis=0)
        return (emit.op("GatherElements", x, emit.op("Expand", wide, shape), axis=axis),)

    def examples(self) -> tuple[Example, ...]:
        """The last axis, the first, one in between, the only one."""
        x, index = TensorType((4, 5, 6)), TensorType((3,), "int")
        return (
            Example((x, index)),
            Example((x, index), {"axis": -3}),
            Example((x, index), {"axis": -2}),
            Example((TensorType((4,)), index)),
        )
