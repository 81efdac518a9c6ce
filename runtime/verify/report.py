"""What a verification found."""

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `error` is max |y - judge| / max(1, max |judge|), infinite where only one of the two is a number;
    `bar` is what is allowed."""

    target: str
    weights: str
    batch: int
    output: str
    error: float
    bar: float

    @property
    def ok(self) -> bool:
        """Whether the error is within the tolerance."""
        return self.error <= self.bar


@dataclass(frozen=True, slots=True)
class Report:
    """All comparisons. `judge` is what they were held against; `notes` say what was left out and why; `ill_conditioned`:
    with these weights float32 itself is off (or nothing is finite), so that nobody can be told to be wrong."""

    judge: str
    rows: tuple[Row, ...]
    ill_conditioned: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """For the manifest. Errors keep one digit: more would change with the number of threads."""
        rows = [{**asdict(row), "error": _digit(row.error), "bar": _digit(row.bar), "ok": row.ok} for row in self.rows]
        return {
            "judge": self.judge,
            "notes": list(self.notes),
            "ill_conditioned": list(self.ill_conditioned),
            "rows": rows,
        }


def _digit(value: float) -> float | None:
    return float(f"{value:.0e}") if isfinite(value) else None
