"""The validation part that is held back from the training part."""

from dataclasses import replace
from math import floor

from ...compiler.ops.base import Array, np
from ...diagnostics import Diagnostic, error
from .images import Parts, counted, named
from .problems import Problems


def split(parts: Parts, fraction: float, seed: int) -> Parts:
    """With a share of the training pictures as the validation part, drawn by the seed, stratified where there are classes.

    Of n pictures floor(fraction * n + 1/2) are held back, at least one. Each class gives floor(fraction * its pictures); the
    places that are left go, one each, to the classes with the largest remainders, the first of equals. One picture of
    each class always stays.
    """
    labels = parts.train.labels
    order = np.random.default_rng(seed).permutation(len(labels))
    if len(order) < 2:
        raise error("V0904", "one picture can't be split into a training and a validation part")
    total = min(max(1, floor(fraction * len(order) + 0.5)), len(order) - 1)
    if labels.dtype.kind == "f":
        return _divided(parts, order, order[:total])
    classes, counts = np.unique(labels, return_counts=True)
    shares = _shares(counts, fraction, total)
    held = np.concatenate([order[labels[order] == label][:share] for label, share in zip(classes, shares, strict=True)])
    if len(held) < total:
        parts = _with(
            parts,
            f"the validation part gets {counted(len(held), 'picture')} and not {total:,}: of each class one stays",
        )
    lacking = [_called(parts, int(label)) for label, share in zip(classes, shares, strict=True) if share == 0]
    if lacking:
        parts = _with(parts, f"the split leaves no picture of {named(lacking)} in the validation part")
    return _divided(parts, order, held)


def _with(parts: Parts, text: str) -> Parts:
    note = Diagnostic("V0907", text, help="a larger `validation` share, or more pictures", severity="warning")
    return replace(parts, notes=(*parts.notes, note))


def _shares(counts: Array, fraction: float, total: int) -> Array:
    """How many pictures each class gives."""
    exact = fraction * counts
    shares = np.minimum(np.floor(exact).astype(np.int64), counts - 1)
    for at in np.argsort(-(exact - np.floor(exact)), kind="stable"):
        if shares.sum() < total and shares[at] < counts[at] - 1:
            shares[at] += 1
    return shares


def _called(parts: Parts, label: int) -> str:
    return parts.classes[label] if 0 <= label < len(parts.classes) else str(label)


def _divided(parts: Parts, order: Array, held: Array) -> Parts:
    """The pictures that are skipped already count as the training part's."""
    problems = parts.train.problems
    train, validation = (parts.train.subset(np.sort(some)) for some in (np.setdiff1d(order, held), held))
    return replace(
        parts,
        train=replace(train, problems=replace(problems, count=problems.count - len(held))),
        validation=replace(validation, problems=Problems("validation", len(held), problems.limit)),
    )
