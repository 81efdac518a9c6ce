"""What a text says to whoever runs a model: the values of its sections (`data`, `train`, `export`, `weights`, `input`), as
written and merged. The compiler passes them on; `runtime` knows what they may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics.source import Span


@dataclass(frozen=True, slots=True)
class Choice:
    """`adamw(lr = 1e-3)` or the bare word `adamw` (no arguments) in a section: a name and its arguments with their places.
    `parts` are arguments set by path (`optimizer.lr = 1e-4`), over those that were given."""

    name: str
    args: tuple["Entry", ...] = ()
    kwargs: Mapping[str, "Entry"] = field(default_factory=dict[str, "Entry"])
    span: Span | None = field(default=None, compare=False)
    parts: Mapping[str, "Entry"] = field(default_factory=dict[str, "Entry"])


@dataclass(frozen=True, slots=True)
class Quantity:
    """`5 epochs`; the unit in the plural."""

    value: int | float
    unit: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a section: a number, bool, None, str, tuple (a shape), list, `Choice`, `Quantity` or a dict of
    further entries, and its places. `rank`: of two texts that a section is merged from, the nearer has the larger."""

    value: Any
    span: Span = field(compare=False)
    name_span: Span = field(compare=False)
    rank: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Section:
    """`data`, `train`, `export` or `weights` of a model, or `input` of its sheets, as written and merged; `runtime`
    validates it."""

    kind: str
    entries: Mapping[str, Entry]
    span: Span
