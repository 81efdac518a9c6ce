"""What convolutions and pools have in common: windows over the last two axes, one batch axis in front."""

from collections.abc import Callable
from itertools import product
from typing import Any

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, OnnxCall, OnnxEmitter, OpError, TorchCall, Types, np
from .kinds import floats

Pair = tuple[int, ...]


def image(name: str, types: Types) -> TensorType:
    """Checks that an operand is [.., C, H, W]."""
    x = types[0]
    floats((x,))
    if x.rank < 3:
        raise OpError(f"{name} takes [.., C, H, W], not {list(x.shape)}")
    return x


def output_sizes(sizes: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    """How many windows fit on each axis; raises `OpError` if none does."""
    result = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in zip(sizes, kernel, stride, padding, strict=True))
    if any(n + 2 * p < k for n, k, p in zip(sizes, kernel, padding, strict=True)):
        raise OpError(f"a kernel of {kernel[0]}x{kernel[1]} does not fit into {sizes[0]}x{sizes[1]}", about="kernel",
                      sizes=sizes)  # fmt: skip
    return result


def padded(x: Array, padding: Pair, value: Any = 0, more: Pair = (0, 0)) -> Array:
    """The last two axes with `value` on both sides, and `more` of it behind."""
    sides = [(p, p + extra) for p, extra in zip(padding, more, strict=True)]
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + sides, constant_values=value)


def slid(x: Array, kernel: Pair, stride: Pair) -> Array:
    """[.., H, W] -> [.., H', W', kh, kw]."""
    view = np.lib.stride_tricks.sliding_window_view(x, (kernel[0], kernel[1]), axis=(-2, -1))  # type: ignore[reportUnknownMemberType] -- numpy leaves it untyped
    return view[..., :: stride[0], :: stride[1], :, :]


def sliding_reach(boxes: Array, kernel: Pair, stride: Pair, padding: Pair, more: Pair = (0, 0)) -> Array:
    """The smallest box around each window."""
    return slid(padded(boxes, padding, NOWHERE, more), kernel, stride).min(axis=(-2, -1))


def places(kernel: Pair, stride: Pair, counts: Pair) -> list[tuple[int, int, tuple[slice, slice]]]:
    """For each place in a window, where the windows put it on the map: (row, column, two slices)."""
    (sh, sw), (h, w) = stride, counts
    return [
        (i, j, (slice(i, i + sh * (h - 1) + 1, sh), slice(j, j + sw * (w - 1) + 1, sw)))
        for i, j in product(range(kernel[0]), range(kernel[1]))
    ]


def pair(values: tuple[Any, ...]) -> str:
    """(3, 3) as `3`, (3, 2) as `(3, 2)`."""
    return f"{values[0]}" if values[0] == values[1] else f"({values[0]}, {values[1]})"


def options(attrs: Attrs) -> str:
    """Arguments of a convolution that are not torch's defaults."""
    defaults = {"stride": (1, 1), "padding": (0, 0), "output_padding": (0, 0)}
    pairs = [(name, pair(attrs[name])) for name, value in defaults.items() if tuple(attrs.get(name, value)) != value]
    groups = [] if attrs["groups"] == 1 else [("groups", attrs["groups"])]
    return "".join(f", {name}={text}" for name, text in [*pairs, *groups])


def leading(x: TensorType, axes: int) -> int:
    """How many axes stand before the last `axes`, the batch axis among them."""
    return x.rank + (x.stage == "sample") - axes


def one_batch(call: TorchCall, axes: int, form: Callable[[str], str], *, batchless: bool = True) -> str:
    """A torch function that takes one batch axis before `axes` others, or none where `batchless`; others are folded."""
    x, (type, *_) = call.args[0], call.types
    lead = leading(type, axes)
    if lead == 1 or (lead == 0 and batchless):
        return form(x)
    if lead == 0:
        return f"{form(f'{x}.unsqueeze(0)')}.squeeze(0)"
    return f"{form(f'{x}.flatten(0, {lead - 1})')}.unflatten(0, {x}.shape[:{lead}])"


def one_batch_onnx(emit: OnnxEmitter, call: OnnxCall, axes: int, form: Callable[[str], str]) -> tuple[str, ...]:
    """The same in ONNX."""
    x, (type, *_), (out,) = call.args[0], call.types, call.outs
    if call.rank(type) == axes + 1:
        return (form(x),)
    y = form(emit.op("Reshape", x, emit.ints(-1, *type.shape[-axes:])))
    return (emit.op("Reshape", y, emit.ints(*((-1,) if out.stage == "sample" else ()), *out.shape)),)
