"""What someone may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def close(name: str, known: Iterable[str]) -> str:
    """The known name most like this one, or nothing."""
    return next(iter(get_close_matches(name, sorted(set(known)), 1)), "")


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?` and, where there are few, what there is."""
    names = sorted(set(known))
    like = close(name, names)
    there = "there is " + ", ".join(names[:30]) if len(names) <= 40 else ""
    return "; ".join(part for part in (f"did you mean `{like}`?" if like else "", there) if part)
