"""Where in the user's own text a mistake was made, though it shows in a block of the library.

A number knows the expression that it comes from; a place knows the place that its value was given at. Both lead from `heads`
in `attention(heads)` of a library file through the block's parameter to `heads = 10` in the sheet.
"""

from collections.abc import Sequence

from ...diagnostics import Label
from ...diagnostics.source import COMMAND_LINE, Span
from ..ir.numbers import Apply, Call, Int, Name, Real, Written, ordered, origin
from .context import Context
from .scopes import Place, plain

_LONGEST = 50
#: Codes that tell of a number too large: they are put at the number.
_BUDGETS = ("V0501", "V0502", "V0504", "V0507")
#: Codes of values that a call does not take: they are put at the call, whatever the values come from.
_OF_CALLS = ("V0302", "V0303", "V0310", "V0311", "V0404")


def blame(context: Context, code: str, span: Span, label: str, about: object, sizes: Sequence[float]
          ) -> tuple[Span, tuple[Label, ...]]:  # fmt: skip
    """The user's text for a place, and a label on the place itself if that is another and not on the way there.

    `about` is the value that is wrong, where it is a number; `sizes` are numbers that disagree.
    """
    own, loose = context.own(span), isinstance(span, Place) and span.loose
    where = Label(plain(span), label or "here")
    large = _largest(context, [about, *sizes]) if code in _BUDGETS else None
    if large is not None:
        return large, () if not isinstance(span, Place) or _within(large, span) else (where,)
    led = source(context, about) or (None if loose else follow(context, span))
    if own and loose and led is not None and _within(led, span):
        led = None  # the expression as a whole is told
    if own and code in _OF_CALLS:
        return span, (Label(plain(led), "from here"),) if led is not None and not _within(led, span) else ()
    if own and (led is None or sizes):
        return span, _labels(context, span, sizes)
    if led is not None and not any(source(context, size) for size in sizes):
        return led, ()
    at = _outside(context, span, sizes)
    return (span, ()) if at is None else (at, (*_labels(context, at, sizes), where))


def _labels(context: Context, span: Span, sizes: Sequence[float]) -> tuple[Label, ...]:
    """Where the sizes that disagree come from, if from elsewhere than the place that is told."""
    found: dict[Span, Label] = {}
    for size in sizes:
        at = source(context, size)
        if at is not None and not _within(at, span):
            found.setdefault(plain(at), Label(plain(at), f"{size} comes from here"))
    return tuple(found.values())


def _within(inner: Span, outer: Span) -> bool:
    """Whether a place is inside another."""
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end


def _outside(context: Context, span: Span, sizes: Sequence[float]) -> Span | None:
    """The user's text around a place in the library: a call of a function, what set a size, what made a layer."""
    call = next((call for call in reversed(context.calls) if context.own(call)), None)
    found = [(size, at) for size in sizes if (at := source(context, size)) is not None]
    if call is not None or found:
        # of two that disagree rather the one of the command line, of the block itself, or that is written as it is
        return call or min(found, key=lambda one: (_rank(one[1]), _handed_in(one[0]), not _as_written(one[0])))[1]
    for made in (span, *(frame.made for frame in reversed(context.frames) if frame.path)):
        if (at := follow(context, made)) is not None:
            return at
    return context.frames[0].made if context.frames else None


def _rank(span: Span) -> bool:
    """What the command line sets comes first: it is what was changed last."""
    return span.source.name != COMMAND_LINE


def _handed_in(number: float) -> bool:
    """Whether a number is the axis of an argument."""
    from_ = origin(number)
    return isinstance(from_, Name) and (from_.kind == "axis" or (from_.local and _handed_in(from_.given)))


def _as_written(number: float) -> bool:
    """Whether a number was handed down from a text as it is."""
    from_ = origin(number)
    return _as_written(from_.given) if isinstance(from_, Name) else isinstance(from_, Written)


# ---- from a place to the text that set it ----------------------------------------------------------------------------


def follow(context: Context, span: Span) -> Span | None:
    """The user's text that a place leads to, the farthest; None if it leads to none."""
    found: Span | None = None
    at: Span | None = span
    for _ in range(_LONGEST):
        if at is None:
            break
        found = at if context.own(at) else found
        at = at.via if isinstance(at, Place) else None
    return found


# ---- from a number to the text that says it --------------------------------------------------------------------------


def source(context: Context, number: object) -> Span | None:
    """The innermost expression of the user's text that a number comes from."""
    if not isinstance(number, (Int, Real)):
        return None
    found: dict[int, Span | None] = {}
    for one in ordered(number, _parts):
        match origin(one):
            case Written(span):
                at = span if context.own(span) else None
            case Name(given=given, span=span):
                at = found[id(given)] or (follow(context, span) if span is not None else None)
            case Apply(span=span) | Call(span=span) if span is not None and context.own(span):
                at = span
            case _:
                inside = [place for part in _parts(one) if (place := found[id(part)]) is not None]
                at = min(inside, key=_rank, default=None)
        found[id(one)] = at
    return found[id(number)]


def _largest(context: Context, numbers: Sequence[object]) -> Span | None:
    """The number of the user's text that makes the largest of these so large; an expression of numbers alone is one."""
    for number in sorted((n for n in numbers if isinstance(n, (Int, Real))), key=abs, reverse=True):
        alone: dict[int, bool] = {}
        found: dict[int, dict[Span, float]] = {}
        for one in ordered(number, _parts):
            parts, span = _parts(one), getattr(origin(one), "span", None)
            alone[id(one)] = not isinstance(origin(one), Name) and all(alone[id(part)] for part in parts)
            found[id(one)] = {at: value for part in parts for at, value in found[id(part)].items()}
            if alone[id(one)] and isinstance(span, Span) and context.own(span):
                found[id(one)] = {span: abs(one)}
        if found[id(number)]:
            return max(found[id(number)].items(), key=lambda pair: pair[1])[0]
    return None


def _parts(number: float) -> Sequence[float]:
    """What a number is computed from, or was given as; of `min` and `max` the one that it is."""
    match origin(number):
        case Name(given=given):
            return (given,)
        case Apply("min" | "max", parts):
            return [part for part in parts if part == number]
        case Apply(parts=parts) | Call(parts=parts):
            return parts
        case _:
            return ()
