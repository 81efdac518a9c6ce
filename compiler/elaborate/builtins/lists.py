"""Functions of numbers and lists."""

from functools import reduce
from math import inf, isfinite
from typing import Any

from ....diagnostics.source import Span
from ..context import MAX_ITEMS
from ..numbers import arithmetic
from ..scopes import Scope
from ..tensors import emit
from ..values import Shape, Tensor, describe, listed
from .arguments import Args, Kwargs, number_or_tensor, take


def _call_op(name: str, scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """The op itself."""
    from ..functions import call_op

    return call_op(name, scope, args, kwargs, span)


def len_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`len(list)`: how many items."""
    from ..calls import members

    (x,) = take(scope, args, kwargs, span, "x")
    items = list(x.dims) if isinstance(x, Shape) else members(x)
    if items is None:
        help = "`shape(x)` gives the sizes of a tensor" if isinstance(x, Tensor) else ""
        scope.context.fail("V0308", f"len takes a list, not {describe(x)}", span, help=help)
    return len(items)


def linspace_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`linspace(start, stop, count)`: a list of numbers, both ends included."""
    a, b, n = take(scope, args, kwargs, span, "start", "stop", "count")
    if isinstance(n, int) and n > MAX_ITEMS:
        at = kwargs["count"][1] if "count" in kwargs else args[2][1]
        scope.context.too_long(at, n)
    if (
        isinstance(n, bool)
        or not isinstance(n, int)
        or n < 0
        or not all(isinstance(v, (int, float)) and isfinite(v) for v in (a, b, b - a))
    ):
        scope.context.fail("V0308", "linspace takes two finite numbers and a count", span)
    return scope.context.integer([a + (b - a) * i / max(n - 1, 1) for i in range(n)], span)


def sum_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`sum(list)` of numbers or tensors; `sum(x, axis)` of a tensor is the op."""
    items = listed(args[0][0]) if args else None
    if items is None:
        return _call_op("sum", scope, args, kwargs, span)
    items = [number_or_tensor(scope, "sum", item, span) for item in items]
    if not any(isinstance(item, Tensor) for item in items):
        return scope.context.integer(reduce(lambda a, b: arithmetic(scope.context, "+", a, b, span), items, 0), span)
    total = items[0]
    for item in items[1:]:
        total = emit(scope, "add", (total, item), {}, span)
    return total


def max_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`max(a, b)` of numbers or tensors, `max(list)`; `max(x, axis = -1, keep = false)` along axes of a tensor."""
    return _extreme("max", scope, args, kwargs, span)


def min_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`min`, as `max`."""
    return _extreme("min", scope, args, kwargs, span)


def _extreme(which: str, scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    values: list[Any] = [value for value, _ in args]
    if len(values) == 1 and isinstance(values[0], Tensor):
        return _call_op(f"a{which}", scope, args, kwargs, span)
    if len(values) == 1:
        values = listed(values[0]) or values
    if any(isinstance(v, Tensor) for v in values) and len(values) == 2:
        return emit(scope, f"{which}imum", values, {}, span)
    if not values or kwargs or not all(isinstance(v, (int, float)) for v in values):
        scope.context.fail(
            "V0308", f"{which} takes a tensor and its axis, two tensors or numbers, or a list of numbers", span
        )
    return max(values) if which == "max" else min(values)


def int_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`int(x)`: a number without its fraction, a tensor of integers."""
    (x,) = take(scope, args, kwargs, span, "x")
    if isinstance(x, Tensor):
        return emit(scope, "cast", (x,), {"dtype": "int"}, span)
    if not isinstance(x, (int, float)) or x != x or abs(x) == inf:
        scope.context.fail("V0308", f"int takes a number or a tensor, not {describe(x)}", span)
    return scope.context.integer(int(x), span)


def round_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`round(x)`: the nearest integer, halves away from zero."""
    (x,) = take(scope, args, kwargs, span, "x")
    if not isinstance(x, (int, float)) or x != x or abs(x) == inf:
        scope.context.fail("V0308", f"round takes a number, not {describe(x)}", span)
    return scope.context.integer(int(x + 0.5 if x >= 0 else x - 0.5), span)


FUNCTIONS = {"len": len_, "linspace": linspace_, "sum": sum_, "max": max_, "min": min_, "int": int_, "round": round_}
