"""What the two pools have in common."""

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, Op, OpError, Param, TorchCall, Types
from .sliding import Pair, image, one_batch, output_sizes, pair, sliding_reach

PARAMS = (
    Param("kernel", "pair", minimum=1),
    Param("stride", "pair", None, minimum=1),
    Param("padding", "pair", (0, 0), minimum=0),
    Param("ceil", "bool", False, structural=True),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the windows of a pool lie: `more` is how far the last ones hang over the padding (`ceil`)."""

    kernel: Pair
    stride: Pair
    padding: Pair
    more: Pair
    counts: Pair


def layout(x: TensorType, attrs: Attrs) -> Layout:
    """The windows over an image; raises `OpError`. With `ceil` a last window may hang over, but begins inside."""
    kernel, padding = attrs["kernel"], attrs["padding"]
    stride = attrs["stride"] or kernel
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise OpError(
            f"a padding of {pair(padding)} is more than half of the kernel {pair(kernel)}",
            about="padding",
            sizes=(kernel[0],),
        )
    counts = output_sizes(x.shape[-2:], kernel, stride, padding)
    more = (0, 0)
    if attrs["ceil"]:
        lengths = tuple(n + 2 * p - k for n, k, p in zip(x.shape[-2:], kernel, padding, strict=True))
        counts = tuple(-(-length // s) + 1 for length, s in zip(lengths, stride, strict=True))
        inside = zip(counts, stride, x.shape[-2:], padding, strict=True)
        counts = tuple(c - ((c - 1) * s >= n + p) for c, s, n, p in inside)
        more = tuple(max((c - 1) * s - length, 0) for c, s, length in zip(counts, stride, lengths, strict=True))
    return Layout(kernel, stride, padding, more, counts)


class Pool(Op, ABC):
    """[.., C, H, W] -> [.., C, H', W']: one number for each window of `kernel`; the stride is `kernel` where none is given."""

    params = PARAMS

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """As many as there are windows."""
        x = image(self.name, types)
        return (TensorType((*x.shape[:-2], *layout(x, attrs).counts), "float", x.stage),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact for the mean; for the maximum what it may see."""
        at = layout(types[0], attrs)
        return (sliding_reach(boxes[0], at.kernel, at.stride, at.padding, at.more),)

    def pooled(self, function: str, call: TorchCall, more: str = "") -> str:
        """The call of a function of torch without arguments that are its defaults."""
        k, stride, padding = (call.attrs[name] for name in ("kernel", "stride", "padding"))
        text = pair(k)
        text += "" if stride is None or tuple(stride) == tuple(k) else f", stride={pair(stride)}"
        text += "" if tuple(padding) == (0, 0) else f", padding={pair(padding)}"
        text += ", ceil_mode=True" if call.attrs["ceil"] else ""
        return one_batch(call, 3, lambda x: f"{function}({x}, {text}{more})")

    def examples(self) -> tuple[Example, ...]:
        """Strides, padding, windows that hang over, axes in front, none."""
        return (
            Example((TensorType((2, 6, 7)),), {"kernel": (3, 2), "stride": (2, 1), "padding": (1, 0)}),
            Example((TensorType((2, 6, 5)),), {"kernel": (2, 2)}),
            Example((TensorType((2, 6, 7)),), {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1), "ceil": True}),
            Example((TensorType((2, 3, 8, 7)),), {"kernel": (3, 3), "stride": (2, 3), "ceil": True}),
            Example((TensorType((3, 4, 4), stage="shared"),), {"kernel": (2, 2)}),
        )
