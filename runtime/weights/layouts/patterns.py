"""Names of tensors as patterns: `{i}` is a number, `{p}` is `weight` or `bias`, `{*}` any text, `{q,k,v}` one name after
the other. A theirs-name that ends in `[i]` is the slice with that number of a tensor that holds all blocks."""

import re
from collections.abc import Mapping
from functools import cache

_HOLES = {"i": r"(?P<i>0|[1-9]\d*)", "p": r"(?P<p>weight|bias)", "*": r"(?P<rest>.+)"}
_HOLE = re.compile(r"\{(i|p|\*)\}")
_LIST = re.compile(r"\{([\w-]+(?:,[\w-]+)+)\}")

Holes = Mapping[str, str]


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


def matches(patterns: tuple[str, ...] | list[str], name: str) -> bool:
    """Whether the name fits one of the patterns."""
    return any(match(pattern, name) is not None for pattern in patterns)


def fill(pattern: str, holes: Holes) -> str:
    """The name with its holes filled."""
    return _HOLE.sub(lambda hole: holes["rest" if hole[1] == "*" else hole[1]], pattern)


def holes_of(pattern: str) -> set[str]:
    """Which holes there are, by their letter."""
    return set(_HOLE.findall(pattern))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = _HOLE.split(pattern)
    return re.compile("".join(_HOLES[part] if index % 2 else re.escape(part) for index, part in enumerate(parts)))
