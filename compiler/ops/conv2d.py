"""Convolution over two axes."""

from collections.abc import Mapping, Sequence
from math import prod, sqrt
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import Draw, WeightSpec
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .windows import output_sizes, pair, window_reach


class Definition(Op):
    """[.., C, H, W] -> [.., out, H', W']; weight [out, C / groups, kh, kw], bias [out]. `nn.Conv2d`, ONNX Conv-22; initialised as in torch."""

    name = "conv2d"
    inputs = ("x", "weight", "bias?")
    params = (
        Param("out", "int", minimum=1),
        Param("kernel", "pair", minimum=1),
        Param("stride", "pair", (1, 1), minimum=1),
        Param("padding", "pair", (0, 0), minimum=0),
        Param("groups", "int", 1, minimum=1),
        Param("bias", "bool", True, structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The type of the result."""
        x, weight = types[:2]
        _image(x)
        if weight.rank != 4 or weight.shape[1] * attrs["groups"] != x.shape[-3]:
            raise OpError(f"a kernel {list(weight.shape)} in {attrs['groups']} groups meets {list(x.shape)}", about="x")
        if (weight.shape[0], weight.shape[2:], len(types) > 2) != (attrs["out"], tuple(attrs["kernel"]), attrs["bias"]):
            raise OpError("the weights are not those of these attributes", about="out")
        sizes = output_sizes(x.shape[-2:], weight.shape[2:], attrs["stride"], attrs["padding"])
        return (TensorType((*x.shape[:-3], weight.shape[0], *sizes), "float", meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The numbers."""
        x, weight = xs[:2]
        (ph, pw), (sh, sw), groups = attrs["padding"], attrs["stride"], attrs["groups"]
        x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(ph, ph), (pw, pw)])
        out, inner, kh, kw = weight.shape
        view = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), (-2, -1))[..., ::sh, ::sw, :, :]
        view = view.reshape((*view.shape[:-5], groups, inner, *view.shape[-4:]))
        y = np.einsum(
            "...gihwkl,goikl->...gohw", view, weight.reshape(groups, out // groups, inner, kh, kw), optimize=True
        )
        y = y.reshape((*y.shape[:-4], out, *y.shape[-2:]))
        return (y + xs[2][:, None, None] if len(xs) > 2 else y,)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight [out, C / groups, kh, kw] and, unless turned off, bias [out]."""
        _image(x)
        channels, groups, out = x.shape[-3], attrs["groups"], attrs["out"]
        if channels % groups or out % groups:
            raise OpError(f"{channels} channels to {out} do not split into {groups} groups", about="groups")
        shape = (out, channels // groups, *attrs["kernel"])
        bound = 1 / sqrt(prod(shape[1:]))
        specs = {"weight": WeightSpec(shape, Draw("uniform", (-bound, bound)))}
        return specs | ({"bias": WeightSpec((out,), Draw("uniform", (-bound, bound)))} if attrs["bias"] else {})

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Elements of the result times the size of the kernel."""
        return outs[0].size * prod(types[1].shape[1:])

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Every output channel sees the window in all channels (of its group: taken as all)."""
        seen = boxes[0].min(axis=-3, keepdims=True)
        seen = window_reach(seen, types[1].shape[2:], attrs["stride"], attrs["padding"])
        return (np.broadcast_to(seen, (4, *outs[0].shape)),)

    def fits_module(self, x: TensorType) -> bool:
        """A batch of images."""
        return x.rank == 3 and x.stage == "sample"

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str | None:
        """nn.Conv2d."""
        out = weights["weight"][0]
        channels = weights["weight"][1] if attrs["groups"] == 1 else out if attrs["groups"] == attrs["out"] else None
        if channels is None:
            return None
        bias = "" if "bias" in weights else ", bias=False"
        return f"nn.Conv2d({channels}, {out}, {pair(attrs['kernel'])}{_options(attrs)}{bias})"

    def torch(self, call: TorchCall) -> str:
        """The expression."""
        x, rest = call.args[0], ", ".join(call.args[1:])
        lead = call.types[0].rank - 3 if call.types[0].stage == "sample" else 0
        options = _options(call.attrs)
        if lead < 1:
            return f"F.conv2d({x}, {rest}{options})"
        return f"F.conv2d({x}.flatten(0, {lead}), {rest}{options}).unflatten(0, {x}.shape[:{lead + 1}])"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The nodes."""
        x, attrs = call.args[0], call.attrs
        rank = call.rank(call.types[0])
        if rank != 4:
            x = emit.op("Reshape", x, emit.ints(-1, *call.types[0].shape[-3:]))
        (ph, pw), (sh, sw) = attrs["padding"], attrs["stride"]
        y = emit.op("Conv", x, *call.args[1:], strides=[sh, sw], pads=[ph, pw, ph, pw], group=attrs["groups"])
        if rank != 4:
            lead = ((-1,) if call.types[0].stage == "sample" else ()) + call.outs[0].shape
            y = emit.op("Reshape", y, emit.ints(*lead))
        return (y,)

    def examples(self) -> tuple[Example, ...]:
        """Types and attributes that show every attribute."""
        return (
            Example(
                (TensorType((4, 6, 7)), TensorType((6, 4, 3, 2), stage="shared"), TensorType((6,), stage="shared")),
                {"out": 6, "kernel": (3, 2), "stride": (2, 1), "padding": (1, 0)},
            ),
            Example(
                (TensorType((4, 6, 6)), TensorType((6, 2, 3, 3), stage="shared")),
                {"out": 6, "kernel": (3, 3), "groups": 2, "bias": False},
            ),
            Example(
                (TensorType((2, 3, 4, 4)), TensorType((5, 3, 1, 1), stage="shared"), TensorType((5,), stage="shared")),
                {"out": 5, "kernel": (1, 1)},
            ),
        )


def _image(x: TensorType) -> None:
    if x.rank < 3:
        raise OpError(f"conv2d takes [.., C, H, W], not {list(x.shape)}", about="x")


def _options(attrs: Attrs) -> str:
    """Arguments that are not torch's defaults."""
    text = "" if tuple(attrs["stride"]) == (1, 1) else f", stride={pair(attrs['stride'])}"
    text += "" if tuple(attrs["padding"]) == (0, 0) else f", padding={pair(attrs['padding'])}"
    return text + ("" if attrs["groups"] == 1 else f", groups={attrs['groups']}")
