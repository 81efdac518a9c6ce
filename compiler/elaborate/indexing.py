"""`x[...]`: axes of tensors from the first written one, items of lists, sizes of shapes."""

from typing import Any

from ...diagnostics.source import Span
from ...grammar import tree
from .context import Context
from .scopes import Scope
from .tensors import emit
from .values import Shape, Tensor, describe


def index(expr: tree.Index, scope: Scope) -> Any:
    """The value of an index expression."""
    from .calls import members
    from .expressions import evaluate

    base = evaluate(expr.base, scope)
    if isinstance(base, Tensor):
        return _tensor(base, expr, scope)
    listed: Any = list(base.dims) if isinstance(base, Shape) else members(base)
    if listed is None or len(expr.items) != 1:
        scope.context.fail("V0308", f"{describe(base)} has no items", expr.span)
    item = expr.items[0]
    if isinstance(item, tree.Slice):
        return listed[slice(*_ends(item, scope))]
    if isinstance(item, tree.Lead):
        scope.context.fail("V0308", "`..` stands for axes of a tensor", item.span)
    position = _integer(evaluate(item, scope), item.span, scope.context)
    if not -len(listed) <= position < len(listed):
        scope.context.fail("V0310", f"item {position} of a list of {len(listed)}", item.span)
    return listed[position]


def _integer(value: Any, span: Span, context: Context) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        help = '`rearrange(x, "n -> 1 n")` adds an axis' if value is None else ""
        context.fail("V0308", f"an index is an integer, not {describe(value)}", span, help=help)
    return value


def _ends(item: tree.Slice, scope: Scope) -> tuple[int | None, ...]:
    from .expressions import evaluate

    parts = (item.start, item.stop, item.step)
    ends = tuple(None if p is None else _integer(evaluate(p, scope), p.span, scope.context) for p in parts)
    if ends[2] is not None and ends[2] < 1:
        scope.context.fail("V0304", "a step is at least 1", item.span)
    return ends


def _tensor(x: Tensor, expr: tree.Index, scope: Scope) -> Tensor:
    from .expressions import evaluate

    leads = [i for i, item in enumerate(expr.items) if isinstance(item, tree.Lead)]
    if len(leads) > 1:
        scope.context.fail("V0308", "`..` stands once in an index", expr.items[leads[1]].span)
    count, rank = len(expr.items) - len(leads), x.type.rank
    if count > rank:
        help = "the batch axis is not written: leave its `:` out" if count == rank + 1 else ""
        scope.context.fail(
            "V0402", f"{count} axes are indexed, the tensor is {list(x.type.shape)}", expr.span, help=help
        )
    for position, item in enumerate(expr.items):
        if isinstance(item, tree.Lead):
            continue
        # axes before `..` count from the first, those after it from the last; taking one away moves no later one
        axis = position - len(expr.items) if leads and position > leads[0] else position - rank
        size = x.type.shape[axis]
        if isinstance(item, tree.Slice):
            start, stop, step = slice(*_ends(item, scope)).indices(size)
            if (start, stop, step) != (0, size, 1):
                stop = max(start, stop)
                attrs = {"axis": axis, "start": start, "stop": None if stop == size else stop, "step": step}
                x = emit(scope, "slice", (x,), attrs, item.span)
        else:
            at = _integer(evaluate(item, scope), item.span, scope.context)
            if not -size <= at < size:
                scope.context.fail("V0310", f"index {at} of an axis of {size}", item.span)
            x = emit(scope, "select", (x,), {"axis": axis, "index": at % size}, item.span)
    return x
