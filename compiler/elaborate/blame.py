"""Where in the user's own text a mistake was made, though it shows in a block of the library.

A value knows the expression it came from and the scope that was read in: from `heads` in `attention(heads)` of a library
file the way leads through the block's parameter to `heads = 10` in the sheet.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import get_args

from ...diagnostics import Label, VitError
from ...diagnostics.source import Span
from ...grammar import tree
from .context import Context
from .scopes import Place, Scope, Thunk, place, plain
from .values import ModelValue, Value

_LONGEST = 50
#: A number from which on a budget may be due to it alone.
_LARGE = 1000
#: Codes that tell of a number too large: they are put at the number.
_BUDGETS = ("V0501", "V0502", "V0504", "V0507")
#: Codes of values that a call does not take: they are put at the call, whatever the values come from.
_OF_CALLS = ("V0302", "V0303", "V0310", "V0311", "V0404")
_EXPRESSIONS: tuple[type[tree.Expr], ...] = get_args(tree.Expr)


def blame(
    context: Context, code: str, span: Span, label: str, sizes: tuple[int, ...]
) -> tuple[Span, tuple[Label, ...]]:
    """The user's text for a place, and a label on the place itself if that is another and not on the way there."""
    large = _too_large(context, span, sizes) if code in _BUDGETS else None
    if large is None:
        if code in _OF_CALLS and context.own(span):
            led = follow(span)
            return span, () if led is None or (led.start, led.end) == (span.start, span.end) else (
                Label(plain(led), "from here"),
            )
        return _blamed(context, span, label, sizes)
    inside = not isinstance(span, Place) or (large.source is span.source and span.start <= large.start < span.end)
    return large, () if inside else (Label(plain(span), label or "here"),)


def _blamed(context: Context, span: Span, label: str, sizes: tuple[int, ...]) -> tuple[Span, tuple[Label, ...]]:
    loose = isinstance(span, Place) and span.loose
    led = None if loose else follow(span)
    if led is not None:
        return _number(led, sizes), ()
    if context.own(span):
        return span, ()
    where = Label(plain(span), label or "here")
    for call in reversed(context.calls):
        if context.own(call):
            return call, (where,)
    led = follow(span) if loose else None
    if led is not None:
        return _number(led, sizes), (where,)
    if not context.frames:
        return span, ()
    for frame in reversed(context.frames):
        made = follow(frame.made, inside=False) or (frame.made if context.own(frame.made) else None)
        if made is not None and frame.path:
            return made, (where,)
    found = next((s for size in sizes if (s := context.size(size)) and context.own(s.span)), None)
    return (found.span if found else context.frames[0].made), (where,)


def _too_large(context: Context, span: Span, sizes: tuple[int, ...]) -> Span | None:
    """The number in the user's text to which a budget is due: one of `sizes`, the largest first; else the largest that
    a place is computed from; else that of the sheet which is furthest from its default."""
    behind = _sizes_behind(span)
    for size in sorted({size for size in sizes if size >= _LARGE}, reverse=True):
        found = next((at for value, at in behind if value == size), None)
        given = context.size(size)
        if found is None and given is not None and context.own(given.span):
            found = given.span
        if found is not None:
            return found
    mine = [s for s in context.sizes if context.own(s.span) and s.value > s.usual and (s.given or s.value >= _LARGE)]
    if sizes:  # the place is a tensor, of which the values that made it may be far apart
        behind = [
            *(pair for pair in behind if pair[0] >= _LARGE),
            *((s.value, s.span) for s in mine if s.value >= _LARGE),
        ]
    if behind:
        return max(behind, key=lambda pair: pair[0])[1]
    likely = max(mine, key=lambda s: (s.given, s.value / s.usual), default=None)
    return None if likely is None else likely.span


# ---- from a place to the text that set it ----------------------------------------------------------------------------


def follow(span: Span, *, inside: bool = True, steps: int = 0) -> Span | None:
    """The user's text that a place leads to, if it leads to any."""
    if not isinstance(span, Place):
        return None
    if span.loose:
        found = (trace(name, span.scope, inside=False, steps=steps + 1) for name in _names(span.expr))
        return span if span.scope.context.own(span) else next((s for s in found if s is not None), None)
    return trace(span.expr, span.scope, inside=inside, steps=steps)


def _names(expr: tree.Expr) -> Iterator[tree.Name]:
    if isinstance(expr, tree.Name):
        yield expr
    for part in parts(expr):
        yield from _names(part)


def trace(expr: tree.Expr, scope: Scope, *, inside: bool = True, steps: int = 0) -> Span | None:
    """The place in the user's text at which the value of an expression was set; None where only the library sets it.

    `inside`: look for it also among the parts of an expression of the library (`heads` in `attention(heads)`).
    """
    own = place(expr, scope) if scope.context.own(expr.span) else None
    if steps > _LONGEST:
        return own
    if isinstance(expr, tree.Name):
        at = scope.origin(expr.id)
        return (follow(at, inside=inside, steps=steps + 1) if at is not None else None) or own
    if isinstance(expr, tree.Index):
        return _item(expr, scope, steps) or own or trace(expr.base, scope, inside=inside, steps=steps + 1)
    if own is not None:
        return own
    if not inside:
        return _maker(expr, scope, steps + 1)
    found = (trace(part, scope, inside=inside, steps=steps + 1) for part in parts(expr))
    return next((span for span in found if span is not None), None)


def _maker(expr: tree.Expr, scope: Scope, steps: int) -> Span | None:
    """Where a block value comes from: what is called, chosen or repeated, not what it is given."""
    match expr:
        case tree.Call():
            maker = expr.function
        case tree.Each():
            maker = expr.item
        case tree.Conditional():
            maker = expr.then
        case _:
            return None
    return trace(maker, scope, inside=False, steps=steps)


def _item(expr: tree.Index, scope: Scope, steps: int) -> Span | None:
    """`heads[s]`: the item itself, where the list is written out."""
    at = scope.origin(expr.base.id) if isinstance(expr.base, tree.Name) else None
    while isinstance(at, Place) and isinstance(at.expr, tree.Name) and steps < _LONGEST:
        at, steps = at.scope.origin(at.expr.id), steps + 1
    if not isinstance(at, Place) or len(expr.items) != 1 or isinstance(expr.items[0], (tree.Slice, tree.Lead)):
        return None
    written, position = at.expr, quiet(expr.items[0], scope)
    if not isinstance(written, tree.List) or not isinstance(position, int) or not scope.context.own(written.span):
        return None
    return written.items[position].span if -len(written.items) <= position < len(written.items) else None


def quiet(expr: tree.Expr, scope: Scope) -> Value:
    """The value of an expression, None if it has none."""
    try:
        return scope.evaluate(expr)
    except VitError:
        return None


def parts(node: tree.Node) -> Iterator[tree.Expr]:
    """The expressions directly inside another, in the order of the text."""
    for field in fields(node):
        if field.name in ("name", "names", "path", "cases"):  # of a part, an argument, a comprehension, an arm
            continue
        value: object = getattr(node, field.name)
        for item in value if isinstance(value, tuple) else (value,):  # type: ignore[reportUnknownVariableType] -- of nodes and texts
            if isinstance(item, (tree.Arg, tree.Clause, tree.Arm)):
                yield from parts(item)
            elif isinstance(item, _EXPRESSIONS):
                yield item


def _sizes_behind(span: Span) -> list[tuple[float, Span]]:
    """The integers and shapes written in the user's text that a place is computed from, each with its value (of a shape
    the largest); infinity for arithmetic of literals whose result is refused."""
    found: list[tuple[float, Span]] = []
    if isinstance(span, Place):
        _collect(span.expr, span.scope, found, set(), 0)
    return found


def _collect(expr: tree.Expr, scope: Scope, found: list[tuple[float, Span]], seen: set[int], steps: int) -> None:
    if id(expr) in seen or steps > _LONGEST:
        return
    seen.add(id(expr))
    at = _leads_to(expr, scope)
    if at is not None:
        if isinstance(at, Place):
            _collect(at.expr, at.scope, found, seen, steps + 1)
        return
    if scope.context.own(expr.span) and not any(_names(expr)):
        if isinstance(expr, tree.Shape):
            found.append((max(expr.dims), expr.span))
            return
        value = quiet(expr, scope)
        if isinstance(value, int) and not isinstance(value, bool):
            found.append((value, expr.span))
            return
        if value is None and (isinstance(expr, tree.Number) or (isinstance(expr, tree.Binary) and expr.op != "..")):
            found.append((float("inf"), expr.span))
            return
    for part in parts(expr):
        _collect(part, scope, found, seen, steps + 1)


def _leads_to(expr: tree.Expr, scope: Scope) -> Span | None:
    """The place of what a name, or the parameter of another model, stands for."""
    if isinstance(expr, tree.Name):
        return scope.origin(expr.id)
    if isinstance(expr, tree.Attribute) and isinstance(expr.base, tree.Name):
        model = quiet(expr.base, scope)
        found = model.params.get(expr.name.id) if isinstance(model, ModelValue) else None
        return found.span if isinstance(found, Thunk) else None
    return None


def _number(span: Span, sizes: tuple[int, ...]) -> Span:
    """The one number of `sizes` that is written inside a place, else the place."""
    if not isinstance(span, Place):
        return span
    found = [n.span for n in _numbers(span.expr) if n.value in sizes]
    return found[0] if len(found) == 1 else span


def _numbers(expr: tree.Expr) -> Iterator[tree.Number]:
    if isinstance(expr, tree.Number):
        yield expr
    for part in parts(expr):
        yield from _numbers(part)
