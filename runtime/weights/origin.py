"""Where the weights of a model came from: what a manifest keeps, and how it is told."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ...compiler.ops.base import Array
from ...diagnostics.messages import escape
from .findings import fold

#: Names on a line, and digits of a hash.
_SHOWN, _DIGITS = 8, 12


@dataclass(frozen=True, slots=True)
class Origin:
    """`kind`: `file`, `drawn`, `python` (a mapping was handed over) or `training` (an export of a run).

    `files`: the SHA-256 of each by its name. `part`: where in the file the model is. `seed`: of `drawn`, ours that start
    anew, all of them for the kind `drawn`. `zeros`: ours that the layout lacks. `left_out`: theirs without a place here;
    `outside`: how many lie outside of the part, by the first component of their names. `epoch` and `start` are those of
    `training`: which epoch was kept, and the origin, as data, of the weights it began with.
    """

    kind: str
    files: dict[str, str] = field(default_factory=dict[str, str])
    layout: str | None = None
    part: str | None = None
    seed: int | None = None
    drawn: list[str] = field(default_factory=list[str])
    zeros: list[str] = field(default_factory=list[str])
    resized: list[str] = field(default_factory=list[str])
    left_out: list[str] = field(default_factory=list[str])
    outside: dict[str, int] = field(default_factory=dict[str, int])
    epoch: int | None = None
    start: dict[str, Any] | None = None

    def as_data(self) -> dict[str, Any]:
        """For JSON; `epoch` and `start` only of a training."""
        values = {name: getattr(self, name) for name in self.__slots__ if name not in ("epoch", "start")}
        return values if self.start is None else {**values, "epoch": self.epoch, "start": self.start}


@dataclass(frozen=True, slots=True, eq=False)
class Known(Mapping[str, Array]):
    """Weights that are right already, with where they came from: what a run exports."""

    arrays: Mapping[str, Array]
    origin: Origin

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


def sources(files: tuple[Path, ...]) -> dict[str, str]:
    """The SHA-256 of files by their names, without the folders in which they happen to be."""
    found: dict[str, str] = {}
    for path in files:
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def lines(origin: dict[str, Any], what: str = "weights", way: str = "") -> list[str]:
    """What a terminal shows of an origin as a manifest holds it, `what` before it; `way` is what to do instead of drawing."""
    kind, seed = origin["kind"], origin.get("seed")
    if kind == "drawn":
        return [f"{what}: drawn with seed {seed}" + (f"; {way}" if way else "")]
    told = [f"{what}: {_from(origin)}"]
    for key, text in (("part", "part"), ("zeros", "zeros, which the layout leaves out"), ("resized", "resized"),
                      ("drawn", f"drawn with seed {seed}"), ("left_out", "left out"), ("outside", "outside of the part")):  # fmt: skip
        if value := origin.get(key):
            told.append(f"  {text}: {_listed(value)}")
    return told


def _from(origin: dict[str, Any]) -> str:
    if origin["kind"] == "python":
        return "arrays from Python"
    first, *more = ((name, digest[:_DIGITS]) for name, digest in origin["files"].items())
    shards = f" and {len(more)} shards" if more else ""
    return f"{escape(first[0])}{shards} (sha256 {first[1]}), layout {origin['layout']}"


def _listed(value: Any) -> str:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        counted = cast("dict[str, int]", value)
        names = [f"{name} ({count:,} tensors)" if count > 1 else name for name, count in counted.items()]
    else:
        names = fold(value)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return escape(", ".join(names[:_SHOWN])) + more
