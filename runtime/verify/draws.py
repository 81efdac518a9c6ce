"""Weights that let every part of a model be seen: a zero-initialised head would make any comparison empty."""

from math import copysign, isinf, prod, sqrt
from typing import Any

import numpy as np

from ...compiler.ir.program import Program, WeightSpec
from ...compiler.ops.base import Array
from ..weights.initial import stream


def unit_weights(program: Program) -> dict[str, Array]:
    """float32: matrices and kernels N(0, 1 / fan-in), gains 1 ± 0.2, layer scales 0.5 ± 0.1, running variances in
    [0.5, 2], bounds that start from ±inf likewise on their side, all else (biases, tokens, positions) N(0, 0.2²); counters 0."""
    return {name: _drawn(name, spec, stream(0, f"unit:{name}")) for name, spec in program.weights().items()}


def _drawn(name: str, spec: WeightSpec, rng: np.random.Generator) -> Array:
    if spec.dtype != "float":
        return np.zeros(spec.shape, np.int64 if spec.dtype == "int" else np.bool_)
    return np.asarray(_float(name, spec, rng), np.float32)


def _float(name: str, spec: WeightSpec, rng: np.random.Generator) -> Any:
    if not spec.trainable and spec.init == 1.0:
        return rng.uniform(0.5, 2.0, spec.shape)
    if isinstance(spec.init, float) and isinf(spec.init):
        return copysign(1.0, spec.init) * rng.uniform(0.5, 2.0, spec.shape)
    normal = rng.standard_normal(spec.shape)
    if len(spec.shape) > 1 and name.rpartition(".")[2].startswith("weight"):  # `weight_ih_l0` too
        return normal / sqrt(prod(spec.shape[1:]))
    if spec.init == 1.0:
        return 1 + 0.2 * normal
    if isinstance(spec.init, float) and spec.init != 0.0:
        return 0.5 + 0.1 * normal
    return 0.2 * normal
