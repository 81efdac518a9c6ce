"""Functions of numbers and lists."""

from functools import reduce
from math import inf, isfinite

from ...ir.numbers import applied
from ..arguments import Call
from ..arithmetic import arithmetic
from ..context import MAX_ITEMS
from ..nodes import emit
from ..opcalls import call_as, call_op
from ..values import Tensor, Value, describe, is_int, items, listed


def len_(call: Call) -> Value:
    """`len(list)`: how many items."""
    (x,) = call.take("x")
    found = items(x)
    if found is None:
        help = "`shape(x)` gives the sizes of a tensor" if isinstance(x, Tensor) else ""
        call.fail("V0308", f"len takes a list, not {describe(x)}", help=help)
    return len(found)


def linspace_(call: Call) -> Value:
    """`linspace(start, stop, count)`: a list of numbers, both ends included."""
    a, b, n = call.take("start", "stop", "count")
    if isinstance(n, int) and n > MAX_ITEMS:
        call.scope.context.too_long(call.kwargs["count"][1] if "count" in call.kwargs else call.args[2][1], n)
    if (
        not is_int(n)
        or n < 0
        or not (isinstance(a, (int, float)) and isinstance(b, (int, float)))
        or not all(isfinite(v) for v in (a, b, b - a))
    ):
        call.fail("V0308", "linspace takes two finite numbers and a count")
    return call.scope.context.bounded(
        list[Value](applied(a + (b - a) * i / max(n - 1, 1), "linspace", a, b, n, i, span=call.span) for i in range(n)),
        call.span,
    )


def sum_(call: Call) -> Value:
    """`sum(list)` of numbers or tensors; `sum(x, axis)` of a tensor is the op."""
    found = listed(call.args[0][0]) if call.args else None
    if found is None:
        return call_op(call)
    context, span = call.scope.context, call.span
    terms = [call.operand(item) for item in found]
    if not any(isinstance(term, Tensor) for term in terms):
        total = reduce(lambda a, b: arithmetic(context, "+", a, b, span), list[Value](terms), 0)
        return context.bounded(total, span)
    return reduce(lambda a, b: emit(call.scope, "add", (a, b), {}, span), terms)


def max_(call: Call) -> Value:
    """`max(a, b)` of numbers or tensors, `max(list)`; `max(x, axis = -1, keep = false)` along axes of a tensor."""
    values = [value for value, _ in call.args]
    if len(values) == 1 and isinstance(values[0], Tensor):
        return call_as(call, f"a{call.name}")
    if len(values) == 1:
        values = listed(values[0]) or values
    numbers = [value for value in values if isinstance(value, (int, float))]
    tensors = [value for value in values if isinstance(value, (int, float, Tensor))]
    if len(numbers) < len(tensors) == len(values) == 2:
        return emit(call.scope, f"{call.name}imum", tensors, {}, call.span)
    if not values or call.kwargs or len(numbers) < len(values):
        call.fail("V0308", f"{call.name} takes a tensor and its axis, two tensors or numbers, or a list of numbers")
    return applied(max(numbers) if call.name == "max" else min(numbers), call.name, *numbers, span=call.span)


def min_(call: Call) -> Value:
    """`min`, as `max`."""
    return max_(call)


def int_(call: Call) -> Value:
    """`int(x)`: a number without its fraction, a tensor of integers."""
    (x,) = call.take("x")
    if isinstance(x, Tensor):
        return call.emit("cast", (x,), {"dtype": "int"})
    if not isinstance(x, (int, float)) or x != x or abs(x) == inf:
        call.fail("V0308", f"int takes a number or a tensor, not {describe(x)}")
    return call.scope.context.bounded(applied(int(x), "int", x, span=call.span), call.span)


def round_(call: Call) -> Value:
    """`round(x)`: the nearest integer, halves away from zero."""
    (x,) = call.take("x")
    if not isinstance(x, (int, float)) or x != x or abs(x) == inf:
        call.fail("V0308", f"round takes a number, not {describe(x)}")
    return call.scope.context.bounded(
        applied(int(x + 0.5 if x >= 0 else x - 0.5), "round", x, span=call.span), call.span
    )


FUNCTIONS = {"len": len_, "linspace": linspace_, "sum": sum_, "max": max_, "min": min_, "int": int_, "round": round_}
