"""How far apart two arrays are."""

import numpy as np

from ...compiler.ops.base import Array


def error(found: Array, expected: Array) -> float:
    """max |found - expected| / max(1, max |expected|) where both are finite; infinite where only one of them is."""
    if found.shape != expected.shape:
        return float("inf")
    finite = np.isfinite(expected)
    if not np.array_equal(finite, np.isfinite(found)):
        return float("inf")
    if not finite.any():
        return 0.0
    scale = max(1.0, float(np.abs(expected[finite]).max()))
    return float(np.abs(found[finite].astype(np.float64) - expected[finite]).max()) / scale
