"""Weights that let every part of a model be seen: a zero-initialised head would make any comparison empty."""

from math import prod, sqrt

import numpy as np

from ...compiler.ir.program import Program, WeightSpec
from ...compiler.ops.base import Array
from ..weights.initial import stream


def unit_weights(program: Program) -> dict[str, Array]:
    """Matrices N(0, 1 / fan-in), gains 1 ± 0.2, layer scales 0.5 ± 0.1, variances in [0.5, 2], all else N(0, 0.2²)."""
    owned = {name for name, spec in program.weights().items() if len(spec.shape) > 1 and name.endswith(".weight")}
    return {
        name: _drawn(spec, stream(0, f"unit:{name}"), matrix=name in owned).astype(np.float32)
        for name, spec in program.weights().items()
    }


def _drawn(spec: WeightSpec, rng: np.random.Generator, *, matrix: bool) -> Array:
    normal = rng.standard_normal(spec.shape)
    if spec.dtype != "float":
        return np.zeros(spec.shape)
    if matrix:
        return normal / sqrt(prod(spec.shape[1:]))
    if not spec.trainable and spec.init == 1.0:
        return rng.uniform(0.5, 2.0, spec.shape)
    if spec.init == 1.0:
        return 1 + 0.2 * normal
    if isinstance(spec.init, float) and spec.init != 0.0:
        return 0.5 + 0.1 * normal
    return 0.2 * normal
