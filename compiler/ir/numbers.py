"""Numbers that know where they come from.

`Int` and `Real` are numbers of Python with an origin: an expression over the parameters and sizes of the block in which they
stand. Equality, order and hashes are those of the plain numbers, so nothing depends on an origin but messages and printed
code. Arithmetic keeps it; `int(x)`, `round`, `max`, `math.*` and the like of Python lose it: `wrapped` gives it back.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar, cast

from ...diagnostics.source import Span

#: Numbers and operators of an expression: larger ones say nothing, and end as the number that they give.
LARGEST = 200

N = TypeVar("N", int, float)


class Written(NamedTuple):
    """A text writes the number, at `span`."""

    span: Span


class Name(NamedTuple):
    """What a block calls a number: a parameter (`heads`, `attn.heads`, `rates.3`), an axis of an argument, a size that a
    pattern names, the turn of a loop. `given` is the number as the caller has it, or the block itself where the name is
    `local`; `span` is where it is given."""

    name: str
    kind: Literal["parameter", "axis", "size", "turn"]
    given: float
    span: Span | None
    local: bool = False


class Apply(NamedTuple):
    """An operator or a function of numbers: `op` is `+` or `max`."""

    op: str
    parts: tuple[float, ...]
    span: Span | None = None
    size: int = 1


class Call(NamedTuple):
    """A `fn` of numbers: `result` is what it came to, as its text computes it."""

    function: str
    parts: tuple[float, ...]
    result: float
    span: Span
    size: int = 1


Origin = Written | Name | Apply | Call


class Int(int):
    """A whole number with its origin."""

    origin: Origin

    def __neg__(self) -> int:
        return applied(int.__neg__(self), "-", self)


class Real(float):
    """A float with its origin."""

    origin: Origin

    def __neg__(self) -> float:
        return applied(float.__neg__(self), "-", self)


def wrapped(value: Any, origin: Origin) -> Any:
    """Gives a number an origin; a truth value and anything that is not a number stay as they are."""
    kind = cast("type[object]", type(value))
    if kind is int or kind is Int:
        made: Int | Real = int.__new__(Int, value)
    elif kind is float or kind is Real:
        made = float.__new__(Real, value)
    else:
        return value
    made.origin = origin
    return made


def origin(value: object) -> Origin | None:
    """Where a number comes from; None of anything else and of a number that nobody knows the origin of."""
    return value.origin if isinstance(value, (Int, Real)) else None


def as_float(value: float) -> float:
    """A number as a float of the same origin."""
    return wrapped(float(value), value.origin) if isinstance(value, (Int, Real)) else float(value)


def applied(value: Any, op: str, *parts: float, span: Span | None = None) -> Any:
    """What an operator or function gives for numbers, as a number that comes of them; plain where all of them are."""
    size, known = 1, False
    for part in parts:
        kind = type(part)
        if kind is Int or kind is Real:
            known = True
            inside = origin(part)
            size += inside.size if isinstance(inside, (Apply, Call)) else 1
    if known and size <= LARGEST:
        return wrapped(value, Apply(op, parts, span, size))
    return plain(value) if span is None else wrapped(value, Written(span))


def called(value: Any, function: str, parts: tuple[float, ...], span: Span) -> Any:
    """What a `fn` gives for numbers."""
    size = 1 + sum(inside.size for part in parts if isinstance(inside := origin(part), (Apply, Call)))
    return wrapped(value, Call(function, parts, value, span, size) if size <= LARGEST else Written(span))


def ordered(number: float, parts: Callable[[float], Sequence[float]]) -> list[float]:
    """A number with all that it comes from, each object once, behind what it is computed from; `parts` gives the next ones."""
    found: dict[int, float] = {}
    pending: list[tuple[float, bool]] = [(number, False)]
    while pending:
        one, done = pending.pop()
        if done:
            found[id(one)] = one
        elif id(one) not in found:
            pending += [(one, True), *((part, False) for part in parts(one))]
    return list(found.values())


def plain(value: Any) -> Any:
    """The number without its origin; anything else as it is."""
    if isinstance(value, Int):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    return value


def _overload(kind: type, name: str, op: str) -> None:
    """Gives `Int` or `Real` an operator that keeps the origin."""
    compute: Callable[[Any, Any], Any] = getattr(kind.__mro__[1], name)
    reverse = name.startswith("__r")

    def method(self: Any, other: Any) -> Any:
        value = compute(self, other)
        if value is NotImplemented:
            return value
        if type(other) is int and (op, other) in (("+", 0), ("*", 1)):
            return self  # from where sums and products of Python begin
        return applied(value, op, other, self) if reverse else applied(value, op, self, other)

    setattr(kind, name, method)


for _op, _name in {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "//": "floordiv",
    "%": "mod",
    "/": "truediv",
    "**": "pow",
}.items():
    for _kind in (Int, Real):
        _overload(_kind, f"__{_name}__", _op)
        _overload(_kind, f"__r{_name}__", _op)
