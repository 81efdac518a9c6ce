"""What someone may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?` and, where there are few, what there is."""
    names = sorted(set(known))
    close = get_close_matches(name, names, 1)
    there = "there is " + ", ".join(names[:30]) if len(names) <= 40 else ""
    return "; ".join(part for part in (f"did you mean `{close[0]}`?" if close else "", there) if part)
