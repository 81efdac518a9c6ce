"""Plain values as the language writes them."""

from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


def number(value: float) -> str:
    """A number in as few digits as give it back: `1e-6`."""
    return repr(value).replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def quoted(text: str) -> str:
    """A text in quotes; characters that can't be seen have no escape."""
    return f'"{text.translate(_ESCAPES)}"'


def shape(sizes: Iterable[int]) -> str:
    """`224x224x3`."""
    return "x".join(map(str, sizes))


def side(size: Iterable[int]) -> str:
    """Rows and columns, one number where both are the same: `224`, `224x160`."""
    rows, columns = size
    return str(rows) if rows == columns else shape((rows, columns))


def listed(numbers: Iterable[float]) -> str:
    """`[0.5, 0.25]`."""
    return f"[{', '.join(map(number, numbers))}]"
