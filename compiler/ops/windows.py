"""What convolutions and pools have in common: windows over the last two axes."""

from typing import Any

from .base import NOWHERE, Array, OpError, np


def output_sizes(
    sizes: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]
) -> tuple[int, ...]:
    """How many windows fit on each axis; raises `OpError` if none does."""
    result = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in zip(sizes, kernel, stride, padding, strict=True))
    if any(n + 2 * p < k for n, k, p in zip(sizes, kernel, padding, strict=True)):
        raise OpError(f"a window of {kernel[0]}x{kernel[1]} does not fit into {sizes[0]}x{sizes[1]}", about="kernel")
    return result


def window_reach(boxes: Array, kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]) -> Array:
    """The smallest box around each window."""
    (ph, pw), (sh, sw) = padding, stride
    width = [(0, 0)] * (boxes.ndim - 2) + [(ph, ph), (pw, pw)]
    padded = np.pad(boxes, width, constant_values=NOWHERE)
    view = np.lib.stride_tricks.sliding_window_view(padded, (kernel[0], kernel[1]), axis=(-2, -1))  # type: ignore[reportUnknownMemberType]
    return view[..., ::sh, ::sw, :, :].min(axis=(-2, -1))


def pair(values: tuple[Any, ...]) -> str:
    """(3, 3) as `3`, (3, 2) as `(3, 2)`."""
    return f"{values[0]}" if values[0] == values[1] else f"({values[0]}, {values[1]})"
