"""What the norms of rows have in common: one axis of any place, weights along it."""

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import Array, Arrays, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import floats, full_axis, gather_all, not_sampled


class RowNorm(Op, ABC):
    """A norm along one axis. `torch_name` and `torch_function` are its module and function, `onnx_type` its operator."""

    torch_name: ClassVar[str]
    torch_function: ClassVar[str]
    onnx_type: ClassVar[str]
    by_position = 0
    params = (
        Param("eps", "float", 1e-5, minimum=0, maximum=1),
        Param("affine", "bool", True, structural=True),
        Param("axis", "axis", -1, structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        floats(types)
        not_sampled(types[1:])
        size = types[0].shape[full_axis(attrs["axis"], types[0])]
        if len(types) != 1 + len(self.weights(types[0], attrs)) or any(t.shape != (size,) for t in types[1:]):
            raise OpError(f"the weights are not {len(self.weights(types[0], attrs))} rows of {size}")
        return (replace(types[0], stage=meet(types)),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Each element sees its whole row."""
        return (gather_all(boxes[0], (attrs["axis"],)),)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        """torch's module, which norms the last axis."""
        return f"nn.{self.torch_name}({weights['weight'][0]}, eps={attrs['eps']})"

    def torch_call(self, module: str, call: TorchCall) -> str:
        """With the axis last."""
        x, axis = call.args[0], call.attrs["axis"]
        return f"{module}({x})" if axis == -1 else f"{module}({x}.movedim({axis}, -1)).movedim(-1, {axis})"

    def torch_fits(self, x: TensorType, attrs: Attrs) -> bool:
        return attrs["axis"] == -1

    def torch(self, call: TorchCall) -> str:
        x, axis = call.args[0], call.attrs["axis"]
        moved = x if axis == -1 else f"{x}.movedim({axis}, -1)"
        weights = ", ".join(call.args[1:])
        text = f"F.{self.torch_function}({moved}, {moved}.shape[-1:], {weights + ', ' if weights else ''}eps={call.attrs['eps']})"
        return text if axis == -1 else f"{text}.movedim(-1, {axis})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        x, axis, rank = call.args[0], int(call.attrs["axis"]), call.rank(call.types[0])
        size = call.types[0].shape[axis]
        back = [i for i in range(rank) if i != axis + rank]
        x = x if axis == -1 else emit.op("Transpose", x, perm=[*back, axis + rank])
        weights = call.args[1:] or (emit.array(np.ones(size)),)
        y = emit.op(self.onnx_type, x, *weights, axis=-1, epsilon=call.attrs["eps"])
        inverse = [[*back, axis + rank].index(i) for i in range(rank)]
        return (y if axis == -1 else emit.op("Transpose", y, perm=inverse),)
