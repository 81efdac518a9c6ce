"""Linear layer."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import drawn_by_fan_in, floats, gather_all, not_sampled


class Definition(Op):
    """x W^T + b on the last axis: [.., D] -> [.., out], weight [out, D], bias [out].

    `torch.nn.Linear`, initialised as there (uniform in +-1/sqrt(D)); ONNX MatMul-13 and Add-14.
    """

    name = "linear"
    by_position = 1
    makes_channels = True
    inputs = ("x", "weight", "bias?")
    params = (Param("out", "int", minimum=1), Param("bias", "bool", True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The last axis becomes `out`."""
        floats(types)
        not_sampled(types[1:])
        x, weight = types[:2]
        if x.rank < 1 or x.shape[-1] != weight.shape[1]:
            raise OpError(
                f"a weight for {weight.shape[1]} channels meets {list(x.shape)}", sizes=(weight.shape[1], *x.shape[-1:])
            )
        if weight.shape[0] != attrs["out"] or (len(types) > 2) != attrs["bias"]:
            raise OpError("the weights are not those of these attributes")
        return (TensorType((*x.shape[:-1], weight.shape[0]), "float", meet(types)),)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight [out, D] and, unless turned off, bias [out]."""
        if x.rank < 1:
            raise OpError("a number has no channels: linear needs at least one axis")
        return drawn_by_fan_in((attrs["out"], x.shape[-1]), attrs["out"], attrs["bias"])

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """x @ weight.T + bias."""
        y = xs[0] @ xs[1].T
        return (y + xs[2] if len(xs) > 2 else y,)

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Elements of the result times channels."""
        return outs[0].size * types[0].shape[-1]

    def reach(
        self,
        boxes: Sequence[Array],
        types: Types,
        attrs: Attrs,
        outs: Types,
    ) -> Arrays:
        """Every output channel sees all of them."""
        seen = gather_all(boxes[0], (-1,))[..., :1]
        return (np.broadcast_to(seen, (4, *outs[0].shape)),)

    def torch(self, call: TorchCall) -> str:
        """F.linear, for a weight that was computed."""
        return f"F.linear({', '.join(call.args)})"

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        out, channels = weights["weight"]
        return f"nn.Linear({channels}, {out}{'' if 'bias' in weights else ', bias=False'})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """MatMul with the weight transposed (the backend does that while writing), Add."""
        y = emit.op("MatMul", call.args[0], emit.op("Transpose", call.args[1], perm=[1, 0]))
        return (emit.op("Add", y, call.args[2]) if len(call.args) > 2 else y,)

    def examples(self) -> tuple[Example, ...]:
        """With and without bias; widths that differ."""
        x, weight, bias = (
            TensorType((4, 3)),
            TensorType((5, 3), stage="shared"),
            TensorType((5,), stage="shared"),
        )
        return (
            Example((x, weight, bias), {"out": 5}),
            Example((x, weight), {"out": 5, "bias": False}),
            Example((TensorType((3,)), TensorType((2, 3), stage="shared")), {"out": 2, "bias": False}),
        )
