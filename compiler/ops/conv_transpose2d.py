"""Transposed convolution over two axes."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType, meet
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .conv2d import grouped
from .kinds import drawn_by_fan_in, floats, not_sampled
from .sliding import Pair, image, leading, one_batch, one_batch_onnx, options, pair, places


class Definition(Op):
    """[.., C, H, W] -> [.., out, (H - 1) * stride - 2 * padding + kernel + output_padding, ..]: the gradient of a convolution.

    weight [C, out / groups, kh, kw], bias [out]. `nn.ConvTranspose2d`, initialised as there; ONNX ConvTranspose-22.
    """

    name = "conv_transpose2d"
    by_position = 1
    inputs = ("x", "weight", "bias?")
    params = (
        Param("out", "int", minimum=1),
        Param("kernel", "pair", minimum=1),
        Param("stride", "pair", (1, 1), minimum=1),
        Param("padding", "pair", (0, 0), minimum=0),
        Param("output_padding", "pair", (0, 0), minimum=0),
        Param("groups", "int", 1, minimum=1),
        Param("bias", "bool", True, structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        x, weight, groups = image(self.name, types), types[1], attrs["groups"]
        floats(types)
        not_sampled(types[1:])
        if weight.rank != 4 or weight.shape[0] != x.shape[-3] or weight.shape[0] % groups:
            raise OpError(
                f"a kernel {list(weight.shape)} in {groups} groups meets {list(x.shape)}",
                sizes=(weight.shape[0], x.shape[-3]),
            )
        fits = (weight.shape[1] * groups, weight.shape[2:]) == (attrs["out"], tuple(attrs["kernel"]))
        if not fits or (len(types) > 2) != attrs["bias"]:
            raise OpError("the weights are not those of these attributes")
        if any(o >= s for o, s in zip(attrs["output_padding"], attrs["stride"], strict=True)):
            raise OpError("output_padding is less than the stride", about="output_padding")
        sizes = _sizes(x.shape[-2:], attrs)
        if min(sizes) < 1:
            raise OpError(f"a padding of {pair(attrs['padding'])} leaves nothing of the result", about="padding")
        return (TensorType((*x.shape[:-3], attrs["out"], *sizes), "float", meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """Every pixel adds its multiple of the kernel."""
        (x, weight), groups = xs[:2], attrs["groups"]
        lead, (h, w) = x.shape[:-3], x.shape[-2:]
        x = x.reshape(*lead, groups, -1, h, w)
        kernel = weight.reshape(groups, -1, *weight.shape[1:])
        y = np.zeros((*lead, groups, kernel.shape[2], *_full(x.shape[-2:], attrs)), x.dtype)
        for i, j, (rows, columns) in places(attrs["kernel"], attrs["stride"], (h, w)):
            y[..., rows, columns] += np.einsum("...gchw,gco->...gohw", x, kernel[..., i, j], optimize=True)
        y = _cropped(y, _sizes((h, w), attrs), attrs).reshape(*lead, attrs["out"], *_sizes((h, w), attrs))
        return (y + xs[2][:, None, None] if len(xs) > 2 else y,)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight [C, out / groups, kh, kw] and, unless turned off, bias [out]."""
        channels, groups, out = image(self.name, (x,)).shape[-3], attrs["groups"], attrs["out"]
        if channels % groups or out % groups:
            raise OpError(f"{channels} channels to {out} do not split into {groups} groups", about="groups",
                          sizes=(channels, out))  # fmt: skip
        shape = (channels, out // groups, *attrs["kernel"])
        return drawn_by_fan_in(shape, out, attrs["bias"])

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Elements of the operand times the size of the kernel."""
        return types[0].size * prod(types[1].shape[1:])

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: an output pixel sees those whose kernel covers it, in all channels of its group."""
        (x, *_), groups, sizes = boxes, attrs["groups"], types[0].shape[-2:]
        x = x.reshape(*x.shape[:-3], groups, -1, *sizes).min(axis=-3)
        y = np.full((*x.shape[:-2], *_full(sizes, attrs)), NOWHERE, x.dtype)
        for _, _, (rows, columns) in places(attrs["kernel"], attrs["stride"], sizes):
            y[..., rows, columns] = np.minimum(y[..., rows, columns], x)
        y = _cropped(y, outs[0].shape[-2:], attrs)
        return (y.repeat(attrs["out"] // groups, axis=-3),)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        channels, inner = weights["weight"][:2]
        bias = "" if "bias" in weights else ", bias=False"
        out = grouped(inner, attrs["groups"])
        return f"nn.ConvTranspose2d({channels}, {out}, {pair(attrs['kernel'])}{options(attrs)}{bias})"

    def torch_call(self, module: str, call: TorchCall) -> str:
        """With one batch axis."""
        return one_batch(call, 3, lambda x: f"{module}({x})")

    def torch_fits(self, x: TensorType, attrs: Attrs) -> bool:
        return leading(x, 3) in (0, 1)

    def torch(self, call: TorchCall) -> str:
        """F.conv_transpose2d, for a weight that was computed."""
        rest = ", ".join(call.args[1:])
        return one_batch(call, 3, lambda x: f"F.conv_transpose2d({x}, {rest}{options(call.attrs)})")

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        ph, pw = call.attrs["padding"]
        names = {"stride": "strides", "output_padding": "output_padding"}
        attrs: dict[str, Any] = {name: list(call.attrs[key]) for key, name in names.items()}
        attrs |= {"pads": [ph, pw, ph, pw], "group": call.attrs["groups"]}
        return one_batch_onnx(emit, call, 3, lambda x: emit.op("ConvTranspose", x, *call.args[1:], **attrs))

    def examples(self) -> tuple[Example, ...]:
        """Unequal axes, groups, axes in front."""
        x = TensorType((4, 3, 4))
        return (
            Example(
                (x, TensorType((4, 6, 3, 2), stage="shared"), TensorType((6,), stage="shared")),
                {"out": 6, "kernel": (3, 2), "stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2)},
            ),
            Example(
                (x, TensorType((4, 3, 2, 2), stage="shared")), {"out": 6, "kernel": (2, 2), "groups": 2, "bias": False}
            ),
            Example(
                (TensorType((2, 4, 3, 3)), TensorType((4, 5, 2, 2), stage="shared"), TensorType((5,), stage="shared")),
                {"out": 5, "kernel": (2, 2), "stride": (2, 2)},
            ),
        )


def _full(sizes: Pair, attrs: Attrs) -> Pair:
    """The size of the map before its padding is cut off, with what `output_padding` adds."""
    parts = zip(sizes, attrs["kernel"], attrs["stride"], attrs["output_padding"], strict=True)
    return tuple((n - 1) * s + k + o for n, k, s, o in parts)


def _sizes(sizes: Pair, attrs: Attrs) -> Pair:
    return tuple(n - 2 * p for n, p in zip(_full(sizes, attrs), attrs["padding"], strict=True))


def _cropped(y: Array, sizes: Pair, attrs: Attrs) -> Array:
    (ph, pw), (h, w) = attrs["padding"], sizes
    return y[..., ph : ph + h, pw : pw + w]
