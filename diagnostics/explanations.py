"""What the codes of diagnostics mean: a page for each, `codes/V0412.md`."""

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent / "codes"


@cache
def titles() -> dict[str, str]:
    """Every code with its title, in order."""
    pages = sorted(_HERE.glob("V*.md"))
    return {p.stem: p.read_text(encoding="utf-8").partition("\n")[0].partition(": ")[2] for p in pages}


def page(code: str) -> str:
    """The text of a code that there is."""
    return (_HERE / f"{code}.md").read_text(encoding="utf-8")
