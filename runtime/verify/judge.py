"""Who says what is right: the model in float64."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...compiler.driver import Compiled
from ...compiler.evaluate import Precision, evaluate
from ...compiler.ops.base import Array
from ...compiler.report.activations import peak
from .targets import TorchModel, torch_module

#: Errors of float64 stay far below this: two implementations that differ by more do not compute the same.
SAME = 1e-9


class Judge:
    """`model.py` in float64, numpy where there is none; in float32, numpy, where float64 would not fit into half of the
    free memory."""

    def __init__(self, compiled: Compiled, stage: Path, batch: int) -> None:
        import psutil

        self.compiled, self.stage = compiled, stage
        needed = 12 * compiled.params + 2 * batch * peak(compiled.graph)
        self.wide = needed <= psutil.virtual_memory().available / 2
        self.printed = self.wide and (stage / "model.py").is_file()
        self.precision: Precision = "float64" if self.wide else "float32"

    @property
    def name(self) -> str:
        """For the report."""
        return f"{'PyTorch' if self.printed else 'numpy'} in {self.precision}"

    def __call__(self, images: Array, weights: Mapping[str, Array]) -> list[Array]:
        """Every output of the model."""
        if not self.printed:
            return self.reference(images, weights)
        model = TorchModel(torch_module(self.stage).double(), double=True)
        model.use(weights)
        return model(images)

    def reference(self, images: Array, weights: Mapping[str, Array], precision: Precision | None = None) -> list[Array]:
        """The same in numpy, which no file of the folder has a part in."""
        return list(evaluate(self.compiled.graph, (images,), weights, precision or self.precision))

    def doubts(self, expected: list[Array], weights: Mapping[str, Array], images: Array) -> bool:
        """Whether numpy says otherwise, looking at the first picture."""
        if not self.printed:
            return False
        reference = self.reference(images[:1], weights)
        return any(error(y[:1], r) > SAME for y, r in zip(expected, reference, strict=True))


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
