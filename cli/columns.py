"""Tables as plain text: the same on a terminal, in a pipe and in a file."""

from collections.abc import Sequence

from ..diagnostics.messages import escape


def columns(rows: Sequence[Sequence[str]], right: frozenset[int] | set[int] = frozenset()) -> str:
    """Rows with their columns under each other, those of `right` ending at the same place."""
    rows = [[escape(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines: list[str] = []
    for row in rows:
        cells = [
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def shape(dims: Sequence[int]) -> str:
    """(3, 224, 224) as `3 x 224 x 224`; a number without axes as `1`."""
    return " x ".join(map(str, dims)) or "1"


def size(count: float, unit: str = "B") -> str:
    """12345678 as `12.3 MB`, or `12.3 M` without a unit."""
    prefixes = ["", "k", "M", "G", "T", "P"]
    while count >= 999.5 and len(prefixes) > 1:
        count /= 1000
        prefixes.pop(0)
    return f"{count:.3g} {prefixes[0]}{unit}".strip()
