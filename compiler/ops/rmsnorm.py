"""Root mean square normalisation (Zhang and Sennrich 2019)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import floats, full_axis, gather_all, not_sampled


class Definition(Op):
    """x / sqrt(mean(x**2) + eps) * weight along one axis: `nn.RMSNorm`, ONNX RMSNormalization-23."""

    name = "rmsnorm"
    inputs = ("x", "weight?")
    params = (
        Param("eps", "float", 1e-5, minimum=0),
        Param("affine", "bool", True, structural=True),
        Param("axis", "axis", -1, structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The type of the result."""
        floats(types)
        not_sampled(types[1:])
        size = types[0].shape[full_axis(attrs["axis"], types[0])]
        if len(types) != (len(self.inputs) if attrs["affine"] else 1) or any(t.shape != (size,) for t in types[1:]):
            raise OpError(f"the weights are not {len(self.inputs) - 1} rows of {size}", about="affine")
        return (replace(types[0], stage=meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The numbers."""
        x = np.moveaxis(xs[0], attrs["axis"], -1)
        y = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + attrs["eps"])
        y = y * xs[1] if attrs["affine"] else y
        return (np.moveaxis(y, -1, attrs["axis"]),)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight [size], ones."""
        size = x.shape[full_axis(attrs["axis"], x)]
        return {"weight": WeightSpec((size,), 1.0)} if attrs["affine"] else {}

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Each element sees its whole row."""
        return (gather_all(boxes[0], (attrs["axis"],)),)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str | None:
        """nn.RMSNorm, which norms the last axis."""
        return f"nn.RMSNorm({weights['weight'][0]}, eps={attrs['eps']})"

    def torch_call(self, module: str, call: TorchCall) -> str:
        """With the axis last."""
        x, axis = call.args[0], call.attrs["axis"]
        return f"{module}({x})" if axis == -1 else f"{module}({x}.movedim({axis}, -1)).movedim(-1, {axis})"

    def torch(self, call: TorchCall) -> str:
        """The expression."""
        x, axis = call.args[0], call.attrs["axis"]
        moved = x if axis == -1 else f"{x}.movedim({axis}, -1)"
        weight = f"{call.args[1]}, " if len(call.args) > 1 else ""
        text = f"F.rms_norm({moved}, {moved}.shape[-1:], {weight}eps={call.attrs['eps']})"
        return text if axis == -1 else f"{text}.movedim(-1, {axis})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The nodes."""
        x, axis, rank = call.args[0], int(call.attrs["axis"]), call.rank(call.types[0])
        size = call.types[0].shape[axis]
        back = [i for i in range(rank) if i != axis + rank]
        x = x if axis == -1 else emit.op("Transpose", x, perm=[*back, axis + rank])
        weights = call.args[1:] or (emit.array(np.ones(size)),)
        y = emit.op("RMSNormalization", x, *weights, axis=-1, epsilon=call.attrs["eps"])
        inverse = [[*back, axis + rank].index(i) for i in range(rank)]
        return (y if axis == -1 else emit.op("Transpose", y, perm=inverse),)

    def examples(self) -> tuple[Example, ...]:
        """Types and attributes that show every attribute."""
        return (
            Example((TensorType((3, 4)), TensorType((4,), stage="shared")), {"eps": 1e-2}),
            Example((TensorType((3, 4)),), {"affine": False}),
            Example((TensorType((3, 4, 5)), TensorType((3,), stage="shared")), {"axis": -3}),
        )
