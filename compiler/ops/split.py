"""An axis cut into parts."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .kinds import Movement, full_axis


class Definition(Movement):
    """[.., a + b] -> [.., a], [.., b]: `torch.split`, ONNX Split-18."""

    name = "split"
    several = True
    params = (Param("sizes", "ints", minimum=1), Param("axis", "axis", -1, structural=True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,), sizes = types, attrs["sizes"]
        axis = full_axis(attrs["axis"], x) + x.rank
        if sum(sizes) != x.shape[axis]:
            raise OpError(f"{x.shape[axis]} is not {' + '.join(map(str, sizes))}", sizes=(x.shape[axis], *sizes)[:2])
        return tuple(TensorType((*x.shape[:axis], n, *x.shape[axis + 1 :]), x.dtype, x.stage) for n in sizes)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        ends = np.cumsum(attrs["sizes"])[:-1]
        return tuple(np.split(xs[0], ends, axis=attrs["axis"]))

    def torch(self, call: TorchCall) -> str:
        sizes, axis = call.attrs["sizes"], call.attrs["axis"]
        if all(size == sizes[0] for size in sizes):
            return f"{call.args[0]}.chunk({len(sizes)}, {axis})"
        return f"{call.args[0]}.split([{', '.join(map(str, sizes))}], {axis})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        sizes = call.attrs["sizes"]
        return emit.ops("Split", len(sizes), call.args[0], emit.ints(*sizes), axis=call.attrs["axis"])

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 6)),), {"sizes": (2, 2, 2)}),
            Example((TensorType((3, 6)),), {"sizes": (1, 5)}),
            Example((TensorType((4, 6)),), {"sizes": (1, 3), "axis": -2}),
        )
