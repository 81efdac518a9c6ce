"""Layer normalisation (Ba et al. 2016)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType
from .base import Array, Arrays, Example, Param, np
from .kinds import full_axis
from .rows import RowNorm


class Definition(RowNorm):
    """(x - mean) / sqrt(var + eps) * weight + bias along one axis: `nn.LayerNorm`, ONNX LayerNormalization-17."""

    name = "layernorm"
    inputs = ("x", "weight?", "bias?")
    torch_name = "LayerNorm"
    torch_function = "layer_norm"
    onnx_type = "LayerNormalization"
    params = (*RowNorm.params, Param("bias", "bool", True, structural=True))

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        moved = [np.moveaxis(xs[0], attrs["axis"], -1), *xs[1:]]
        x = moved[0] - moved[0].mean(axis=-1, keepdims=True)
        y = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + attrs["eps"])
        for weight, combine in zip(moved[1:], (np.multiply, np.add), strict=False):
            y = combine(y, weight)
        return (np.moveaxis(y, -1, attrs["axis"]),)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight and bias [size], ones and zeros; without `bias` the first alone."""
        size = x.shape[full_axis(attrs["axis"], x)]
        specs = {"weight": WeightSpec((size,), 1.0), "bias": WeightSpec((size,), 0.0)}
        return {name: spec for name, spec in specs.items() if attrs["affine"] and (name == "weight" or attrs["bias"])}

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        """nn.LayerNorm of the last axis."""
        bias = "" if "bias" in weights else ", bias=False"
        return f"nn.LayerNorm({weights['weight'][0]}, eps={attrs['eps']}{bias})"

    def examples(self) -> tuple[Example, ...]:
        return (
            Example(
                (TensorType((3, 4)), TensorType((4,), stage="shared"), TensorType((4,), stage="shared")), {"eps": 1e-2}
            ),
            Example((TensorType((3, 4)),), {"affine": False}),
            Example((TensorType((3, 4)), TensorType((4,), stage="shared")), {"bias": False}),
            Example(
                (TensorType((3, 4, 5)), TensorType((3,), stage="shared"), TensorType((3,), stage="shared")),
                {"axis": -3},
            ),
        )
