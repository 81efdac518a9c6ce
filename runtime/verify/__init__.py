"""Proof that all targets of a compiled folder compute the same numbers, with float64 as the judge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...compiler.driver import Compiled
from ...compiler.ops.base import Array
from ...diagnostics import error as failure
from .draws import unit_weights
from .errors import error
from .judge import Judge
from .report import Report, Row
from .targets import Target, judging, written

__all__ = ["Report", "Row", "verify"]

#: A target passes when it is as near to float64 as this, or as four times the error of PyTorch in float32.
BAR, FACTOR = 1e-5, 4.0
#: Where float32 itself is this far off, the weights are at fault.
ILL = 1e-4
#: Above this many multiply-accumulates only small batches run.
LARGE = 25_000_000_000


@dataclass(frozen=True, slots=True)
class _Case:
    """Weights to run with, on how many pictures, and what is right for the most of them."""

    kind: str
    batches: tuple[int, ...]
    weights: Mapping[str, Array]
    expected: list[Array]

    def right(self, batch: int) -> list[Array]:
        """What is right for the first pictures."""
        return [y[:batch] for y in self.expected]


#: Every output of a target by kind of weights and batch.
_Found = dict[tuple[str, int], list[Array]]


def verify(
    compiled: Compiled, stage: Path, weights: Mapping[str, Array], done: Callable[[str], None] = lambda what: None
) -> Report:
    """Compares what stands in a folder, on own weights and on drawn ones (an output layer that starts from zero makes the
    first empty); raises V0805 naming the first layer that differs."""
    large = compiled.macs > LARGE
    own = (1, 2) if large else (1, 2, 3, 7)
    shape = compiled.graph.inputs[0].type.shape
    images = np.random.default_rng(0).standard_normal((own[-1], *shape)).astype(np.float32)
    there = written(stage)
    judge = Judge(compiled, stage, own[-1], there)
    cases: list[_Case] = []
    for kind, batches, drawn in (("own", own, weights), ("unit", (2,), unit_weights(compiled.program))):
        cases.append(_Case(kind, batches, drawn, judge(images[: batches[-1]], drawn)))
        done(f"{judge.name}, {kind} weights")
    found: dict[str, _Found] = {}
    for name, kind in there.items():
        found[name] = _run(kind, compiled, stage, cases, images)
        done(name)
    best = judging(there, compiled.graph)
    single = found[best] if best is not None else {
        (case.kind, batch): judge.reference(images[:batch], case.weights, "float32")
        for case in cases for batch in case.batches
    }  # fmt: skip
    outputs = {name: compiled.graph.output_names[: 1 if kind.alone else None] for name, kind in there.items()}
    rows = [row for case in cases for row in _rows(case, found, single, outputs)]
    ill = tuple(case.kind for case in cases if _ill(case, single))
    _refuse([row for row in rows if row.weights not in ill], compiled, stage, cases, judge, there, images)
    return Report(judge.name, tuple(rows), ill, _notes(judge, large=large))


def _run(kind: type[Target], compiled: Compiled, stage: Path, cases: list[_Case], images: Array) -> _Found:
    """What one target gives; its own weights come first, as they are those of the file."""
    found: _Found = {}
    target = kind(stage, compiled.graph)
    for case in cases:
        if case.kind != "own":
            target.use(case.weights)
        found |= {(case.kind, batch): target(images[:batch]) for batch in case.batches}
    return found


def _rows(
    case: _Case, found: Mapping[str, _Found], single: _Found, outputs: Mapping[str, tuple[str, ...]]
) -> list[Row]:
    """A row for each batch, target and output; `outputs` are those that each target gives."""
    rows: list[Row] = []
    for batch in case.batches:
        right = case.right(batch)
        for name, results in found.items():
            for index, (output, y) in enumerate(zip(outputs[name], results[case.kind, batch], strict=True)):
                off = error(single[case.kind, batch][index], right[index])
                wrong = error(y, right[index])
                rows.append(Row(name, case.kind, batch, output, wrong, max(BAR, FACTOR * off)))
    return rows


def _ill(case: _Case, single: _Found) -> bool:
    """Whether float32 itself is far off, or nothing is a number."""
    if not all(np.isfinite(y).all() for y in case.expected):
        return True
    return any(
        error(y, right) > ILL
        for batch in case.batches
        for y, right in zip(single[case.kind, batch], case.right(batch), strict=True)
    )


def _notes(judge: Judge, *, large: bool) -> tuple[str, ...]:
    notes = [f"more than {LARGE // 10**9} GMACs: only batches 1 and 2"] if large else []
    if not judge.wide:
        notes.append("float64 was left out: it does not fit into half of the free memory")
    return tuple(notes)


def _refuse(rows: list[Row], compiled: Compiled, stage: Path, cases: list[_Case], judge: Judge,
            there: Mapping[str, type[Target]], images: Array) -> None:  # fmt: skip
    """Raises V0805 if a row is not near enough, or if numpy does not agree with the target that judges."""
    unit = cases[-1]
    wrong = next((row for row in rows if not row.ok), None)
    case = next((case for case in cases if wrong and case.kind == wrong.weights), unit)

    def at_fault(name: str, images: Array, *, own: bool) -> str | None:
        target = there[name](stage, compiled.graph)
        if not own:
            target.use(case.weights)
        return target.first_difference(compiled.graph, case.weights, images)

    if judge.target is not None and judge.doubts(case.expected, case.weights, images):
        layer = at_fault(judge.target, images[:1], own=False)
        message = f"{judge.target} differs from the numpy reference, both in float64"
        raise failure("V0805", message, help=_at(layer))
    if wrong is not None:
        layer = at_fault(wrong.target, images[: wrong.batch], own=case.kind == "own")
        message = (
            f"{wrong.target} differs from {judge.name} by {wrong.error:.2g} "
            f"(output {wrong.output}, batch {wrong.batch}, {wrong.weights} weights); allowed is {wrong.bar:.2g}"
        )
        raise failure("V0805", message, help=_at(layer))


def _at(layer: str | None) -> str:
    if layer is None:
        return "no single layer stands out"
    return (
        f"the first layer that differs is `{layer}`"
        if layer
        else "what differs first is the text of the model's own block"
    )
