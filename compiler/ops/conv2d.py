"""Convolution over two axes."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import drawn_by_fan_in, floats, not_sampled
from .sliding import image, leading, one_batch, one_batch_onnx, options, output_sizes, padded, pair, slid, sliding_reach


class Definition(Op):
    """[.., C, H, W] -> [.., out, H', W']; weight [out, C / groups, kh, kw], bias [out]. `nn.Conv2d`, ONNX Conv-22; initialised as in torch."""

    name = "conv2d"
    by_position = 1
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
        x, weight = image("conv2d", types), types[1]
        floats(types)
        not_sampled(types[1:])
        if weight.rank != 4 or weight.shape[1] * attrs["groups"] != x.shape[-3]:
            raise OpError(
                f"a kernel {list(weight.shape)} in {attrs['groups']} groups meets {list(x.shape)}",
                sizes=(weight.shape[1] * attrs["groups"], x.shape[-3]),
            )
        if (weight.shape[0], weight.shape[2:], len(types) > 2) != (attrs["out"], tuple(attrs["kernel"]), attrs["bias"]):
            raise OpError("the weights are not those of these attributes")
        sizes = output_sizes(x.shape[-2:], weight.shape[2:], attrs["stride"], attrs["padding"])
        return (TensorType((*x.shape[:-3], weight.shape[0], *sizes), "float", meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        (x, weight), groups = xs[:2], attrs["groups"]
        out, inner, kh, kw = weight.shape
        view = slid(padded(x, attrs["padding"]), (kh, kw), attrs["stride"])
        view = view.reshape((*view.shape[:-5], groups, inner, *view.shape[-4:]))
        kernel = weight.reshape(groups, out // groups, inner, kh, kw)
        y = np.einsum("...gihwkl,goikl->...gohw", view, kernel, optimize=True)
        y = y.reshape((*y.shape[:-4], out, *y.shape[-2:]))
        return (y + xs[2][:, None, None] if len(xs) > 2 else y,)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight [out, C / groups, kh, kw] and, unless turned off, bias [out]."""
        channels, groups, out = image("conv2d", (x,)).shape[-3], attrs["groups"], attrs["out"]
        if channels % groups or out % groups:
            raise OpError(f"{channels} channels to {out} do not split into {groups} groups", about="groups",
                          sizes=(channels, out))  # fmt: skip
        shape = (out, channels // groups, *attrs["kernel"])
        return drawn_by_fan_in(shape, out, attrs["bias"])

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Elements of the result times the size of the kernel."""
        return outs[0].size * prod(types[1].shape[1:])

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: an output channel sees the window in all channels of its group."""
        (x, *_), groups, out = boxes, attrs["groups"], attrs["out"]
        seen = x.reshape((*x.shape[:-3], groups, -1, *x.shape[-2:])).min(axis=-3)
        seen = sliding_reach(seen, types[1].shape[2:], attrs["stride"], attrs["padding"])
        return (seen.repeat(out // groups, axis=-3),)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        out, inner = weights["weight"][:2]
        bias = "" if "bias" in weights else ", bias=False"
        return f"nn.Conv2d({grouped(inner, attrs['groups'])}, {out}, {pair(attrs['kernel'])}{options(attrs)}{bias})"

    def torch_call(self, module: str, call: TorchCall) -> str:
        """With one batch axis: torch takes none too, but scripts of torch 2.13 believe that the result then has one."""
        return one_batch(call, 3, lambda x: f"{module}({x})", batchless=False)

    def torch_fits(self, x: TensorType, attrs: Attrs) -> bool:
        return leading(x, 3) == 1

    def torch(self, call: TorchCall) -> str:
        """F.conv2d, for a weight that was computed."""
        rest = ", ".join(call.args[1:])
        return one_batch(call, 3, lambda x: f"F.conv2d({x}, {rest}{options(call.attrs)})", batchless=False)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        (ph, pw), stride, groups = call.attrs["padding"], list(call.attrs["stride"]), call.attrs["groups"]
        attrs: dict[str, Any] = {"strides": stride, "pads": [ph, pw, ph, pw], "group": groups}
        return one_batch_onnx(emit, call, 3, lambda x: emit.op("Conv", x, *call.args[1:], **attrs))

    def examples(self) -> tuple[Example, ...]:
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
                (TensorType((5, 3, 4, 4), stage="shared"), TensorType((6, 1, 3, 3), stage="shared")),
                {"out": 6, "kernel": (3, 3), "groups": 3, "bias": False},
            ),
            Example(
                (TensorType((2, 3, 4, 4)), TensorType((5, 3, 1, 1), stage="shared"), TensorType((5,), stage="shared")),
                {"out": 5, "kernel": (1, 1)},
            ),
        )


def grouped(inner: Any, groups: Any) -> str:
    """The channels of all groups; either may be a name."""
    if isinstance(inner, int) and isinstance(groups, int):
        return str(inner * groups)
    return f"{groups}" if inner == 1 else f"{inner}" if groups == 1 else f"{groups} * {inner}"
