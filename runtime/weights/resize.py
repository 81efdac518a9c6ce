"""Tensors of another resolution: position embeddings, tables of relative positions, kernels of patches.

Interpolation is a matrix for each axis, made in float64 without torch; the tests hold it against
`torch.nn.functional.interpolate` and timm's `resample_abs_pos_embed`, `resample_patch_embed`, `resize_rel_pos_bias_table`.
"""

from dataclasses import dataclass
from math import ceil

from ...compiler.ops.base import Array, np
from ...compiler.ops.resampling import matrix

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Method:
    """How values between those of a grid are made, in torch's words: `kind` is bicubic or bilinear."""

    kind: str = "bicubic"
    antialias: bool = True
    align_corners: bool = False


def _matrix(before: int, after: int, method: Method) -> Array:
    return matrix(before, after, method.kind, antialias=method.antialias, align_corners=method.align_corners)


def grid(values: Array, after: Size, method: Method) -> Array:
    """[h, w, ..] -> [H, W, ..]."""
    rows, columns = (_matrix(b, a, method) for b, a in zip(values.shape[:2], after, strict=True))
    return np.einsum("Hh,Ww,hw...->HW...", rows, columns, values.astype(np.float64), optimize=True)


def positions(embed: Array, before: Size, after: Size, method: Method) -> Array:
    """[1, P + h * w, D] -> [1, P + H * W, D]; what stands before the grid (class token, registers) stays."""
    prefix = embed.shape[1] - before[0] * before[1]
    values = embed[0, prefix:].reshape(*before, embed.shape[2])
    new = grid(values, after, method).reshape(-1, embed.shape[2]).astype(embed.dtype)
    return np.concatenate([embed[:, :prefix], new[None]], axis=1)


def kernel(weight: Array, after: Size, method: Method) -> Array:
    """[D, C, p, q] -> [D, C, P, Q] by the pseudo-inverse of resizing pictures (FlexiViT, Beyer et al. 2023): a picture
    and its enlargement give the same tokens, as far as that can be."""
    rows, columns = (_matrix(b, a, method) for b, a in zip(weight.shape[2:], after, strict=True))
    left, right = np.linalg.pinv(rows), np.linalg.pinv(columns)  # of a Kronecker product: the product of both
    return np.einsum("hH,wW,dchw->dcHW", left, right, weight.astype(np.float64), optimize=True).astype(weight.dtype)


def table(bias: Array, before: Size, after: Size, method: Method | None) -> Array:
    """[(2h - 1) * (2w - 1) + extra, heads], for windows of h x w, to windows of H x W; the extra rows stay.

    Without a method by BEiT's rule as timm has it: old distances are spread in a geometric progression, so that small
    ones keep their places, and values between them are linear.
    """
    old, new = ((2 * side[0] - 1, 2 * side[1] - 1) for side in (before, after))
    # rows behind the grid belong to tokens without a place, so that no distance changes for them
    extra = bias.shape[0] - old[0] * old[1]
    if old == new:
        return bias
    head, rest = bias[: bias.shape[0] - extra], bias[bias.shape[0] - extra :]
    values = head.reshape(*old, bias.shape[1])
    if method is None:
        rows, columns = (_geometric(b, a) for b, a in zip(old, new, strict=True))
        made = np.einsum("Hh,Ww,hwn->HWn", rows, columns, values.astype(np.float64), optimize=True)
    else:
        made = grid(values, new, method)
    return np.concatenate([made.reshape(-1, bias.shape[1]).astype(bias.dtype), rest])


def _geometric(before: int, after: int) -> Array:
    """[after, before]: linear between places 0, ±1, ±(1 + q), ±(1 + q + q²) …, that end where the new grid ends."""
    low, high, q = 1.01, 1.5, 1.0
    while high - low > 1e-6:
        q = (low + high) / 2
        if (1 - q ** (before // 2)) / (1 - q) > after // 2:
            high = q
        else:
            low = q
    half = np.cumsum(q ** np.arange(before // 2))
    places = np.concatenate([-half[::-1], [0.0], half])
    wanted = np.arange(after) - after // 2
    return np.stack([np.interp(wanted, places, unit) for unit in np.eye(before)], axis=1)


def window(count: int, extra: int) -> Size | None:
    """The square window whose table has so many rows besides the extra ones."""
    side = round((count - extra) ** 0.5)
    return (ceil(side / 2),) * 2 if side > 0 and side * side == count - extra and side % 2 else None
