"""From the section `data` to pictures in parts: read, chosen, looked at, split, and all that is to be said of them."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...compiler.driver import Compiled
from ...compiler.ir.program import Program
from ...compiler.ops.base import np
from ...diagnostics import Diagnostic, VitError, error
from ...diagnostics.source import Span
from ..pictures import odd
from ..preprocess import Preprocess
from ..sections.data import Data
from .classes import Wanted, displayed
from .images import Images, Parts, counted
from .problems import Problems
from .sources import SOURCES
from .splitting import split

#: Up to so many pictures of a part have their headers read before anything starts; of more, each is met in its turn.
LOOKED_AT = 20_000
#: Pictures that are at hand are looked through by so many.
_CHUNK = 1_024


def read(compiled: Compiled, data: Data, pixels: Preprocess, base: Path) -> Parts:
    """The pictures that the section asks for; paths are relative to `base`. Raises V0605 without a source, V0901 to V0904 and
    V0906 for what is wrong with the data."""
    program = compiled.program
    if data.source is None:
        at = program.sections["data"].span if "data" in program.sections else program.root.span
        raise error("V0605", "training needs pictures: section `data` has no `source`", at,
                    help=f"`data {{ source = … }}` takes one of {', '.join(SOURCES.names())}")  # fmt: skip
    wanted = Wanted(None if data.classes is None else tuple(map(str, data.classes)), _at(program, "classes"))
    parts = data.source.read(base, pixels, wanted)
    limit = data.bad_limit if data.on_bad == "skip" else None
    looked_at = {part: _looked_at(part, images, pixels, limit) for part, images in parts.present().items()}
    before, parts = parts, replace(parts, **looked_at)
    if before.train.files and len(gone := np.setdiff1d(before.train.labels, parts.train.labels)):
        raise parts.train.problems.emptied([parts.classes[int(label)] for label in gone])
    if data.validation is not None and parts.validation is None:
        parts = split(parts, data.validation, data.split_seed)
    elif data.validation is not None:
        note = Diagnostic("V0907", "`validation` has no effect: the data has a validation part", _at(program, "validation"),
                          severity="warning")  # fmt: skip
        parts = replace(parts, notes=(*parts.notes, note))
    notes = [note for images in parts.present().values() for note in (*images.problems.told(), *_odd(images))]
    parts = replace(parts, notes=(*parts.notes, *notes, *_single(parts)))
    return displayed(parts, data.labels, base, _at(program, "labels"))


def _at(program: Program, key: str) -> Span | None:
    section = program.sections.get("data")
    return section.entries[key].span if section and key in section.entries else None


def _looked_at(part: str, images: Images, pixels: Preprocess, limit: float | None) -> Images:
    """Without the pictures whose headers can't be read; raises V0901 with up to ten of them, or where they are too many."""
    problems = Problems(part, len(images), limit)
    images = replace(images, problems=problems)
    if not images.files or len(images) > LOOKED_AT:
        return images
    with ThreadPoolExecutor(os.cpu_count(), "look") as pool:
        found = list(pool.map(partial(_problem, pixels), images.files))
    wrong = {file: problem for file, problem in zip(images.files, found, strict=True) if problem is not None}
    if wrong:
        problems.skip(wrong)
    return images.subset(np.flatnonzero([problem is None for problem in found])) if wrong else images


def _problem(pixels: Preprocess, file: str) -> VitError | None:
    try:
        pixels.looked_at(Path(file))
    except VitError as problem:
        return problem
    return None


def _odd(images: Images) -> list[Diagnostic]:
    """A warning for each thing that is odd about pictures that are at hand; those in files are met while training."""
    found: dict[str, list[int]] = {}
    for start in range(0, 0 if images.files else len(images), _CHUNK):
        for remark, which in odd(images.read(np.arange(start, min(start + _CHUNK, len(images))))).items():
            found.setdefault(remark, []).extend(int(i) + start for i in np.flatnonzero(which))
    return [
        Diagnostic("V0908", f"{counted(len(which), 'picture')} of the {images.problems.part} part: {remark}; "
                   f"the first is number {which[0]}", severity="warning")
        for remark, which in found.items() if which
    ]  # fmt: skip


def _single(parts: Parts) -> list[Diagnostic]:
    """A warning where there is nothing to tell apart."""
    labels = parts.train.labels
    if labels.dtype.kind == "f" or labels.min() < labels.max():
        return []
    name = f"`{parts.classes[int(labels[0])]}`" if 0 <= labels[0] < len(parts.classes) else str(labels[0])
    return [Diagnostic("V0907", f"all training pictures are of one class, {name}: there is nothing to tell apart",
                       severity="warning")]  # fmt: skip
