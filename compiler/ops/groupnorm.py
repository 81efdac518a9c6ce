"""Group normalisation (Wu and He 2018)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import floats, not_sampled
from .sliding import image, leading, one_batch, one_batch_onnx


class Definition(Op):
    """[.., C, H, W], normed over each of `groups` groups of channels, then, with `affine`, scaled by channel: `nn.GroupNorm`.

    ONNX LayerNormalization-17 of each group: ONNX Runtime has no kernel of GroupNormalization.
    """

    name = "groupnorm"
    by_position = 0
    inputs = ("x", "weight?", "bias?")
    params = (
        Param("groups", "int", 32, minimum=1),
        Param("eps", "float", 1e-5, minimum=0, maximum=1),
        Param("affine", "bool", True, structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        x = _map(types[0])
        floats(types)
        not_sampled(types[1:])
        if x.shape[-3] % attrs["groups"]:
            raise OpError(
                f"{x.shape[-3]} channels do not split into {attrs['groups']} groups",
                about="groups",
                sizes=(x.shape[-3],),
            )
        if len(types) != (3 if attrs["affine"] else 1) or any(t.shape != x.shape[-3:-2] for t in types[1:]):
            what = f"weight and bias, {x.shape[-3]} numbers each" if attrs["affine"] else "no weights without `affine`"
            raise OpError(f"it takes {what}")
        return (replace(x, stage=meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        x = xs[0]
        g = x.reshape(*x.shape[:-3], attrs["groups"], -1)
        g = g - g.mean(axis=-1, keepdims=True)
        g = g / np.sqrt((g * g).mean(axis=-1, keepdims=True) + attrs["eps"])
        y = g.reshape(x.shape)
        return (y * xs[1][:, None, None] + xs[2][:, None, None] if attrs["affine"] else y,)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight and bias [C], ones and zeros, with `affine`."""
        size = _map(x).shape[-3]
        return {"weight": WeightSpec((size,), 1.0), "bias": WeightSpec((size,), 0.0)} if attrs["affine"] else {}

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: each element sees all of its group."""
        x, groups = boxes[0], attrs["groups"]
        seen = x.reshape(*x.shape[:-3], groups, -1).min(axis=-1).repeat(x.shape[-3] // groups, axis=-1)
        return (np.broadcast_to(seen[..., None, None], x.shape),)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        eps = "" if attrs["eps"] == 1e-5 else f", eps={attrs['eps']}"
        return f"nn.GroupNorm({attrs['groups']}, {weights['weight'][0]}{eps})"

    def torch_call(self, module: str, call: TorchCall) -> str:
        """With one batch axis."""
        return one_batch(call, 3, lambda x: f"{module}({x})", batchless=False)

    def torch_fits(self, x: TensorType, attrs: Attrs) -> bool:
        return leading(x, 3) == 1

    def torch(self, call: TorchCall) -> str:
        """F.group_norm, for weights that were computed."""
        rest = f"{call.attrs['groups']}, {', '.join(call.args[1:] or ('None', 'None'))}, {call.attrs['eps']}"
        return one_batch(call, 3, lambda x: f"F.group_norm({x}, {rest})", batchless=False)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """LayerNormalization-17 on [B, groups, rest], Mul, Add."""
        groups, shape = call.attrs["groups"], call.types[0].shape
        one = emit.array(np.ones(prod(shape[-3:]) // groups))
        affine = [emit.array(emit.value(name)[:, None, None]) for name in call.args[1:]]

        def form(x: str) -> str:
            y = emit.op("Reshape", x, emit.ints(0, groups, -1))
            y = emit.op("LayerNormalization", y, one, axis=-1, epsilon=call.attrs["eps"])
            y = emit.op("Reshape", y, emit.ints(0, *shape[-3:]))
            return emit.op("Add", emit.op("Mul", y, affine[0]), affine[1]) if affine else y

        return one_batch_onnx(emit, call, 3, form)

    def examples(self) -> tuple[Example, ...]:
        """One group, several, axes in front, none."""
        weights = (TensorType((6,), stage="shared"),) * 2
        return (
            Example((TensorType((6, 3, 4)), *weights), {"groups": 3, "eps": 1e-2}),
            Example((TensorType((6, 3, 4)), *weights), {"groups": 1}),
            Example((TensorType((2, 6, 3, 4)), *weights), {"groups": 2}),
            Example((TensorType((6, 3, 4), stage="shared"), *weights), {"groups": 2}),
            Example((TensorType((6, 3, 4)),), {"groups": 2, "affine": False}),
        )


def _map(x: TensorType) -> TensorType:
    """Checks that x is [.., C, H, W]; raises `OpError`."""
    if x.rank < 3:
        raise OpError(f"it takes [.., C, H, W], not {list(x.shape)}",
                      help="on [N, D] use layernorm, or rearrange it to [D, H, W]")  # fmt: skip
    return image("groupnorm", (x,))
