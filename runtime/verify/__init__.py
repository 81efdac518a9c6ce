"""Proof that all targets of a compiled folder compute the same numbers, with float64 as the judge."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...compiler.driver import Compiled
from ...compiler.ops.base import Array
from ...grammar.diagnostics import error
from .draws import unit_weights
from .targets import Judge, opened

#: A target passes when it is as near to float64 as this, or as four times the error of PyTorch in float32.
BAR, FACTOR = 1e-5, 4.0
#: Where PyTorch itself is this far off, the weights are at fault.
ILL = 1e-4
#: Above this many multiply-accumulates only small batches run.
LARGE = 25_000_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison; `error` is max |y - judge| / max(1, max |judge|)."""

    target: str
    weights: str
    batch: int
    error: float
    bar: float
    ok: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What was compared, and with what."""

    judge: str
    rows: tuple[Row, ...]
    ill_conditioned: bool = False

    def as_data(self) -> dict[str, Any]:
        """For the manifest."""
        return {"judge": self.judge, "ill_conditioned": self.ill_conditioned, "rows": [asdict(r) for r in self.rows]}


def verify(
    compiled: Compiled, stage: Path, weights: Mapping[str, Array], done: Callable[[str], None] = lambda what: None
) -> Report:
    """Compares what stands in a folder; raises V0805 naming the first layer that differs."""
    large = compiled.macs > LARGE
    shape = compiled.graph.inputs[0].type.shape
    images = np.random.default_rng(0).standard_normal((2 if large else 7, *shape)).astype(np.float32)
    own = [1, 2] if large else [1, 2, 3, 7]
    rows: list[Row] = []
    ill = False
    unit = unit_weights(compiled.program)
    for kind, batches, drawn in (("own", own, None), ("unit", [2], unit)):
        judge = Judge(stage, compiled.graph, drawn or weights)
        models, single = opened(stage, compiled.graph, drawn), judge.single()
        for batch in batches:
            expected = judge(images[:batch])
            bar = FACTOR * _error(single(images[:batch]), expected)
            found = [_row(name, kind, run(images[:batch]), expected, max(BAR, bar)) for name, run in models.items()]
            rows += found
            ill = ill or bar > FACTOR * ILL
            _refuse(found, compiled, stage, drawn or weights, images[:batch])
            done(f"{kind}, batch {batch}")
    return Report(judge.kind, tuple(rows), ill)


def _error(found: Array, expected: Array) -> float:
    """The largest, relative to the largest number."""
    return float(np.abs(found - expected).max()) / max(1.0, float(np.abs(expected).max()))


def _row(target: str, kind: str, found: Array, expected: Array, bar: float) -> Row:
    error = _error(found, expected)
    return Row(target, kind, len(found), error, bar, error <= bar)


def _refuse(rows: list[Row], compiled: Compiled, stage: Path, weights: Mapping[str, Array], images: Array) -> None:
    wrong = [row for row in rows if not row.ok]
    if not wrong:
        return
    from .locate import first_difference

    row = wrong[0]
    layer = first_difference(row.target, compiled.graph, stage, weights, images)
    message = f"{row.target} differs from float64 by {row.error:.2g} (batch {row.batch}, {row.weights} weights), allowed is {row.bar:.2g}"
    raise error("V0805", message, exit_status=3, help=f"the first layer that differs is `{layer}`" if layer else "")
