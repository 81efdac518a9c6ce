"""What someone may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from . import foreign


def close(name: str, known: Iterable[str]) -> str:
    """The known name most like this one, or the one of the same letters in another order; nothing if none is near."""
    names = sorted(set(known))
    swapped = next((other for other in names if sorted(other) == sorted(name)), "")
    found = get_close_matches(name, names, 1, 0.7) or get_close_matches(name.lower(), names, 1, 0.7)
    return next(iter(found), swapped)


def suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean ...?` and, where there are few, what there is; the word of another library is translated."""
    names = sorted(set(known))
    like = foreign.synonym(name, names)
    if like and name in foreign.NESTED:
        return f"write `{foreign.NESTED[name]}`"
    if not like and foreign.input_size(name):
        return foreign.input_size(name)
    like = like or close(name, names)
    there = "there is " + ", ".join(names[:30]) if 0 < len(names) <= 40 else ""
    return "; ".join(part for part in (f"did you mean `{like}`?" if like else "", there) if part)
