"""Root mean square normalisation (Zhang and Sennrich 2019)."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import TensorType
from .base import Array, Arrays, Example, np
from .kinds import full_axis
from .rows import RowNorm


class Definition(RowNorm):
    """x / sqrt(mean(x**2) + eps) * weight along one axis: `nn.RMSNorm`, ONNX RMSNormalization-23."""

    name = "rmsnorm"
    inputs = ("x", "weight?")
    torch_name = "RMSNorm"
    torch_function = "rms_norm"
    onnx_type = "RMSNormalization"

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        x = np.moveaxis(xs[0], attrs["axis"], -1)
        y = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + attrs["eps"])
        y = y * xs[1] if attrs["affine"] else y
        return (np.moveaxis(y, -1, attrs["axis"]),)

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """weight [size], ones."""
        size = x.shape[full_axis(attrs["axis"], x)]
        return {"weight": WeightSpec((size,), 1.0)} if attrs["affine"] else {}

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)), TensorType((4,), stage="shared")), {"eps": 1e-2}),
            Example((TensorType((3, 4)),), {"affine": False}),
            Example((TensorType((3, 4, 5)), TensorType((3,), stage="shared")), {"axis": -3}),
        )
