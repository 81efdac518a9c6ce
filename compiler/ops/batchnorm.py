"""Batch normalisation (Ioffe and Szegedy 2015)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import floats, full_axis, not_sampled
from .sliding import leading, one_batch

_LAYER = TensorType((3,), stage="shared")


class Definition(Op):
    """(x - mean) / sqrt(var + eps) * weight + bias for each channel, the channels on `axis`; without `affine` the quotient alone.

    `nn.BatchNorm2d`, `nn.BatchNorm1d`: under training mean and variance are those of the batch, over all axes but the
    channels', and the running ones follow them by `momentum`; at inference the running ones are used, and in ONNX all
    is one Mul-14 and one Add-14. The only op that looks across the samples of a batch.
    """

    name = "batchnorm"
    by_position = 0
    mixes_samples = True
    inputs = ("x", "weight?", "bias?", "running_mean", "running_var")
    params = (
        Param("eps", "float", 1e-5, minimum=0, maximum=1),
        Param("momentum", "float", 0.1, minimum=0, maximum=1),
        Param("axis", "axis", -3, minimum=-3, structural=True),
        Param("affine", "bool", True, structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The type of x, for each sample where a weight is shared."""
        x = types[0]
        floats(types)
        not_sampled(types[1:])
        size = _channels(x, attrs)
        names = "weight, bias, running_mean and running_var" if attrs["affine"] else "running_mean and running_var"
        if len(types) != (5 if attrs["affine"] else 3) or any(t.shape != (size,) for t in types[1:]):
            raise OpError(f"it takes {names}, {size} numbers each")
        return (TensorType(x.shape, "float", meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The numbers at inference."""
        tail = (1,) * (-attrs["axis"] - 1)
        x, (*affine, mean, var) = xs[0], (w.reshape(*w.shape, *tail) for w in xs[1:])
        y = (x - mean) / np.sqrt(var + attrs["eps"])
        return (y * affine[0] + affine[1] if affine else y,)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight (ones), bias (zeros) and the state of `nn.BatchNorm2d`, its count of batches too."""
        size = _channels(x, attrs)
        affine = {"weight": WeightSpec((size,), 1.0), "bias": WeightSpec((size,), 0.0)} if attrs["affine"] else {}
        return {
            **affine,
            "running_mean": WeightSpec((size,), 0.0, trainable=False),
            "running_var": WeightSpec((size,), 1.0, trainable=False),
            "num_batches_tracked": WeightSpec((), 0.0, trainable=False, dtype="int"),
        }

    def draws(self, attrs: Attrs) -> bool:
        """The running statistics move with every call."""
        return True

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact at inference: the same places."""
        return (boxes[0],)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        """nn.BatchNorm2d before two axes, else nn.BatchNorm1d."""
        eps = "" if attrs["eps"] == 1e-5 else f", eps={attrs['eps']}"
        momentum = "" if attrs["momentum"] == 0.1 else f", momentum={attrs['momentum']}"
        affine = "" if attrs["affine"] else ", affine=False"
        return f"nn.BatchNorm{2 if attrs['axis'] == -3 else 1}d({weights['running_mean'][0]}{eps}{momentum}{affine})"

    def torch_call(self, module: str, call: TorchCall) -> str:
        """With one axis before the channels."""
        return one_batch(call, -call.attrs["axis"], lambda x: f"{module}({x})", batchless=False)

    def torch_fits(self, x: TensorType, attrs: Attrs) -> bool:
        return leading(x, -attrs["axis"]) == 1

    def torch(self, call: TorchCall) -> str:
        """F.batch_norm, for weights that were computed."""
        *affine, mean, var = call.args[1:]
        rest = f"{mean}, {var}, {', '.join(affine or ('None', 'None'))}, self.training, {call.attrs['momentum']}, {call.attrs['eps']}"
        return one_batch(call, -call.attrs["axis"], lambda x: f"F.batch_norm({x}, {rest})", batchless=False)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Mul-14, Add-14: all weights folded into two."""
        *affine, mean, var = (emit.value(name).astype(np.float64) for name in call.args[1:])
        weight, bias = affine or (np.ones_like(mean), np.zeros_like(mean))
        scale = weight / np.sqrt(var + call.attrs["eps"])
        tail = (1,) * (-call.attrs["axis"] - 1)
        scale, shift = (v.reshape(*v.shape, *tail) for v in (scale, bias - mean * scale))
        return (emit.op("Add", emit.op("Mul", call.args[0], emit.array(scale)), emit.array(shift)),)

    def examples(self) -> tuple[Example, ...]:
        """Every axis, with axes in front; momentum shows in training alone."""
        layer = (_LAYER,) * 4
        return (
            Example((TensorType((3, 4, 5)), *layer), {"eps": 1e-2}, positive=True),
            Example((TensorType((4, 3)), *layer), {"axis": -1, "momentum": 0.3}, positive=True),
            Example((TensorType((3, 4)), *layer), {"axis": -2}, positive=True),
            Example((TensorType((2, 3, 4, 5)), *layer), positive=True),
            Example((TensorType((3, 4, 5)), *layer[:2]), {"affine": False}, positive=True),
            Example((TensorType((3,), stage="shared"), *layer), {"axis": -1}, positive=True),
        )


def _channels(x: TensorType, attrs: Attrs) -> int:
    """How many channels there are; raises `OpError` for a tensor without the axis."""
    if 1 <= x.rank < -attrs["axis"]:
        raise OpError(f"axis {attrs['axis']} of {list(x.shape)}: axes are -{x.rank} to -1",
                      help="write `batchnorm(axis = -1)` where channels are the last axis")  # fmt: skip
    return x.shape[full_axis(attrs["axis"], x)]
