"""Names of weights as patterns, in the sections of a text and in layouts: `{p}` is `weight` or `bias`, `{*}` any text, any
other `{i}` a number, and in a layout `{q,k,v}` one name after the other."""

import re
from collections.abc import Iterable, Mapping
from functools import cache

_HOLES = {"p": "(?P<p>weight|bias)", "*": "(?P<rest>.+)"}
_NUMBER = r"(?P<%s>0|[1-9]\d{0,8})"
_HOLE = re.compile(r"\{(\*|[A-Za-z_]\w*)\}")
_LIST = re.compile(r"\{(\w+(?:,\w+)+)\}")


def spread(pattern: str) -> tuple[str, ...]:
    """`x.{q,k}.y` as `x.q.y` and `x.k.y`; at most one list."""
    found = _LIST.search(pattern)
    if found is None:
        return (pattern,)
    return tuple(pattern[: found.start()] + word + pattern[found.end() :] for word in found[1].split(","))


def match(pattern: str, name: str) -> dict[str, str] | None:
    """What stands in the holes of a pattern without lists, or None where the name is another."""
    found = _compiled(pattern).fullmatch(name)
    return found.groupdict() if found else None


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether the name fits one of the patterns."""
    return _one_of(tuple(patterns)).fullmatch(name) is not None


def fill(pattern: str, holes: Mapping[str, str]) -> str:
    """The name with its holes filled."""
    return _HOLE.sub(lambda hole: holes["rest" if hole[1] == "*" else hole[1]], pattern)


def holes_of(pattern: str) -> set[str]:
    """Which holes there are, by their letter."""
    return set(_HOLE.findall(pattern))


def well_formed(pattern: str) -> bool:
    """Whether each brace belongs to a hole, and each number has a name of its own."""
    pieces = _HOLE.split(pattern)
    numbers = ["rest" if hole == "*" else hole for hole in dict.fromkeys(pieces[1::2])]  # the names of groups
    repeated = [hole for hole in pieces[1::2] if hole not in _HOLES]
    braces = any("{" in piece or "}" in piece for piece in pieces[::2])
    return not braces and len(set(numbers)) == len(numbers) and len(set(repeated)) == len(repeated)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A hole that is there twice is the same number or suffix both times; two `{*}` may differ."""
    text, seen = "", set[str]()
    for index, part in enumerate(_HOLE.split(pattern)):
        if index % 2 == 0:
            text += re.escape(part)
        elif part in seen:
            text += ".+" if part == "*" else f"(?P={part})"
        else:
            text += _HOLES.get(part, _NUMBER % part)
            seen.add(part)
    return re.compile(text)


@cache
def _one_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """All of them at once, the holes of each under names of its own; nothing matches none of them."""
    texts = (re.sub(r"\(\?P([<=])(\w+)", rf"(?P\1\2_{i}", _compiled(p).pattern) for i, p in enumerate(patterns))
    return re.compile("|".join(texts) or "(?!)")
