"""`x[...]`: axes of tensors from the first written one, items of lists, sizes of shapes."""

from ...diagnostics import Label
from ...diagnostics.suggest import close
from ...grammar import tree
from .blame import follow
from .nodes import emit
from .scopes import Scope, place
from .values import Tensor, Value, describe, is_int, items


def index(expr: tree.Index, scope: Scope) -> Value:
    """The value of an index expression."""
    base = scope.evaluate(expr.base)
    if isinstance(base, Tensor):
        return _tensor(base, expr, scope)
    found = items(base)
    if found is None or len(expr.items) != 1:
        like = close(expr.base.span.text, [name for name in scope.known() if name != expr.base.span.text])
        help = f"did you mean `{like}`?" if like and isinstance(expr.base, tree.Name) else ""
        scope.context.fail("V0308", f"{describe(base)} has no items", expr.span, help=help)
    item = expr.items[0]
    if isinstance(item, tree.Slice):
        return found[_slice(item, scope)]
    if isinstance(item, tree.Lead):
        scope.context.fail("V0308", "`..` stands for axes of a tensor", item.span)
    position = _integer(item, scope)
    if not -len(found) <= position < len(found):
        help = f"the items are 0 to {len(found) - 1}" if found else "it is empty"
        written = follow(scope.context, place(expr.base, scope))
        span = item.span if written is None or scope.context.own(item.span) else written
        beside = written is None or written.start == expr.base.span.start or span is written
        scope.context.fail("V0310", f"item {position} of a list of {len(found)}", span, help=help, sizes=(position,),
                           others=() if beside or written is None else (Label(written, "this list"),))  # fmt: skip
    return found[position]


def _integer(expr: tree.Expr, scope: Scope) -> int:
    value = scope.evaluate(expr)
    if not is_int(value):
        help = '`rearrange(x, "n -> 1 n")` adds an axis' if value is None else ""
        help = "`take(x, index, axis = -2)` takes rows by a table" if isinstance(value, Tensor) else help
        scope.context.fail("V0308", f"an index is an integer, not {describe(value)}", expr.span, help=help)
    return value


def _slice(item: tree.Slice, scope: Scope) -> slice:
    start, stop, step = (None if e is None else _integer(e, scope) for e in (item.start, item.stop, item.step))
    if step is not None and step < 1:
        scope.context.fail("V0304", "a step is at least 1", item.span)
    return slice(start, stop, step)


def _tensor(x: Tensor, expr: tree.Index, scope: Scope) -> Tensor:
    leads = [i for i, item in enumerate(expr.items) if isinstance(item, tree.Lead)]
    if len(leads) > 1:
        scope.context.fail("V0308", "`..` stands once in an index", expr.items[leads[1]].span)
    count, rank = len(expr.items) - len(leads), x.type.rank
    if count > rank:
        help = "the batch axis is not written: leave its `:` out" if count == rank + 1 else ""
        message = f"{count} axes are indexed, the tensor is {list(x.type.shape)}"
        scope.context.fail("V0402", message, expr.span, help=help)
    _tell_batch(x, expr, scope)
    for position, item in enumerate(expr.items):
        if isinstance(item, tree.Lead):
            continue
        # axes before `..` count from the first, those after it from the last; taking one away moves no later one
        axis = position - len(expr.items) if leads and position > leads[0] else position - rank
        size = x.type.shape[axis]
        if isinstance(item, tree.Slice):
            written = _slice(item, scope)
            start, stop, step = written.indices(size)
            if (start, stop, step) != (0, size, 1):
                stop = max(start, stop)
                start = written.start if written.start == start else start  # which knows where it comes from
                stop = None if stop == size else written.stop if written.stop == stop else stop
                attrs = {"axis": axis, "start": start, "stop": stop, "step": step}
                x = emit(scope, "slice", (x,), attrs, item.span)
        else:
            at = _integer(item, scope)
            if not -size <= at < size:
                scope.context.fail("V0310", f"index {at} of an axis of {size}", item.span)
            x = emit(scope, "select", (x,), {"axis": axis, "index": at if at >= 0 else at + size}, item.span)
    return x


def _tell_batch(x: Tensor, expr: tree.Index, scope: Scope) -> None:
    """Warns of `x[:, 0]` and `x[:, 1:]` on tokens [N, D], which elsewhere pick tokens and here channels."""
    if x.type.rank != 2 or len(expr.items) != 2 or x.type.stage != "sample":
        return
    first, second = expr.items
    everything = isinstance(first, tree.Slice) and first.start is first.stop is first.step is None
    if isinstance(second, tree.Slice):
        picked = second.start if second.stop is second.step is None else None
    else:
        picked = second.operand if isinstance(second, tree.Unary) else second
    if everything and isinstance(picked, tree.Number):
        text, inside = expr.base.span.text, second.span.text
        help = f"write `{text}[{inside}]` for tokens, `{text}[.., {inside}]` for channels"
        scope.context.warn(
            "V0417",
            f"`{expr.span.text}` picks channels of {list(x.type.shape)}: there is no batch axis",
            expr.span,
            help=help,
        )
