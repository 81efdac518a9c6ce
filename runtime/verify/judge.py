"""Who says what is right: the model in float64."""

from collections.abc import Mapping
from pathlib import Path

from ...compiler.driver import Compiled
from ...compiler.evaluate import Precision, evaluate
from ...compiler.ops.base import Array
from ...compiler.report.activations import peak
from .errors import error
from .targets import Target, judging

#: Errors of float64 stay far below this: two implementations that differ by more do not compute the same.
SAME = 1e-9


class Judge:
    """A target that can judge (`model.py`) in float64, numpy where there is none; in float32, numpy, where float64 would not
    fit into half of the free memory."""

    def __init__(self, compiled: Compiled, stage: Path, batch: int, there: Mapping[str, type[Target]]) -> None:
        import psutil

        self.compiled, self.stage = compiled, stage
        needed = 12 * compiled.params + 2 * batch * peak(compiled.graph)
        self.wide = needed <= psutil.virtual_memory().available / 2
        #: The name of the target that judges, None where numpy does.
        self.target = judging(there, compiled.graph) if self.wide else None
        self.kind = None if self.target is None else there[self.target]
        self.precision: Precision = "float64" if self.wide else "float32"

    @property
    def name(self) -> str:
        """Who judged, as a report names it: `PyTorch in float64`."""
        return f"{'numpy' if self.kind is None else self.kind.judge} in {self.precision}"

    def __call__(self, images: Array, weights: Mapping[str, Array]) -> list[Array]:
        """Gives every output of the model."""
        if self.kind is None:
            return self.reference(images, weights)
        model = self.kind(self.stage, self.compiled.graph).wide()
        model.use(weights)
        return model(images)

    def reference(self, images: Array, weights: Mapping[str, Array], precision: Precision | None = None) -> list[Array]:
        """The same in numpy, which no file of the folder has a part in."""
        return list(evaluate(self.compiled.graph, (images,), weights, precision or self.precision))

    def doubts(self, expected: list[Array], weights: Mapping[str, Array], images: Array) -> bool:
        """Whether numpy says otherwise, looking at the first picture."""
        if self.kind is None:
            return False
        reference = self.reference(images[:1], weights)
        return any(error(y[:1], r) > SAME for y, r in zip(expected, reference, strict=True))
