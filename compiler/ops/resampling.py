"""Interpolation along one axis as a matrix, in float64 and without torch."""

from math import floor

from .base import Array, np


def matrix(before: int, after: int, kind: str, *, antialias: bool = False, align_corners: bool = False) -> Array:
    """[after, before]: the share of each old value in each new one; rows add up to one.

    `kind` is nearest, bilinear or bicubic. `antialias` widens the kernel where values become fewer, as Pillow does;
    `align_corners` takes values as points, not as areas. Cubic convolution of Keys (1981): torch and Pillow take
    a = -0.5 with antialiasing, torch -0.75 without.
    """
    if kind == "nearest":
        return np.eye(before)[np.minimum((np.arange(after) * (before / after)).astype(int), before - 1)]
    if antialias:
        return _antialiased(before, after, kind)
    if align_corners:
        centers = np.arange(after) * ((before - 1) / max(after - 1, 1))
    else:
        centers = (np.arange(after) + 0.5) * (before / after) - 0.5
    reach = 2 if kind == "bicubic" else 1
    if kind == "bilinear":
        centers = np.clip(centers, 0, before - 1)
    made = np.zeros((after, before))
    first = np.floor(centers).astype(int) - reach + 1
    for step in range(2 * reach):
        index = first + step
        weight = _kernel(kind, -0.75, centers - index)
        np.add.at(made, (np.arange(after), np.clip(index, 0, before - 1)), weight)  # beyond the edge its value goes on
    return made


def _antialiased(before: int, after: int, kind: str) -> Array:
    """A kernel as wide as the new grid is coarse, cut off at the edges and normed there."""
    scale = before / after
    width = max(scale, 1.0)
    support = (2 if kind == "bicubic" else 1) * width
    made = np.zeros((after, before))
    for row in range(after):
        center = scale * (row + 0.5)
        low, high = max(floor(center - support + 0.5), 0), min(floor(center + support + 0.5), before)
        taps = np.arange(low, high)
        made[row, low:high] = _kernel(kind, -0.5, (taps - center + 0.5) / width)
    return made / made.sum(axis=1, keepdims=True)


def _kernel(kind: str, a: float, x: Array) -> Array:
    x = np.abs(x)
    if kind == "bilinear":
        return np.maximum(1 - x, 0)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))
