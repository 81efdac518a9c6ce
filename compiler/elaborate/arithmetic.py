"""Arithmetic of numbers and lists while compiling, and of sections."""

import math
from collections.abc import Callable

from ...diagnostics.source import Span
from ..ir.numbers import applied
from .context import Context
from .keys import key
from .values import Value, describe, is_number, listed

#: Functions of one number that tensors have as ops of the same name.
UNARY: dict[str, Callable[[float], float]] = {
    "exp": math.exp, "log": math.log, "log2": math.log2, "sqrt": math.sqrt, "rsqrt": lambda x: 1 / math.sqrt(x),
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "floor": math.floor, "abs": abs, "erf": math.erf,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "sign": lambda x: (x > 0) - (x < 0),
}  # fmt: skip


def arithmetic(context: Context, op: str, left: Value, right: Value, span: Span) -> Value:
    """`left op right` of two values that are no tensors; fails with V0308 or V0309."""
    if op in ("==", "!="):
        return _equal(left, right) is (op == "==")
    if op in ("in", "not in"):
        items = listed(right)
        if items is None:
            context.fail("V0308", f"`{op}` looks in a list, not in {describe(right)}", span)
        return any(_equal(left, item) for item in items) is (op == "in")
    both = listed(left), listed(right)
    if op == "+" and both[0] is not None and both[1] is not None:
        return both[0] + both[1]
    if op == "@":
        context.fail("V0308", f"`@` multiplies tensors, not {describe(left)} and {describe(right)}", span)
    if not (is_number(left) and is_number(right)):
        wrong = right if is_number(left) else left
        help = "`[x for i in 0 .. n]` repeats x" if op == "*" and listed(wrong) is not None else ""
        context.fail("V0308", f"`{op}` does not go with {describe(wrong)}", span, help=help)
    try:
        return applied(compute(op, left, right), op, left, right, span=span)
    except ZeroDivisionError:
        context.fail(
            "V0309", "a division by zero", span, label=f"{describe(left)} {op} {describe(right)}", sizes=(left, right)
        )
    except (OverflowError, ValueError):
        context.fail("V0309", f"{describe(left)} {op} {describe(right)} is no number", span, sizes=(left, right))


def _equal(left: Value, right: Value) -> bool:
    """Whether two values are equal: numbers by their size, so that 1 is 1.0; lists item by item."""
    if is_number(left) and is_number(right):
        return left == right
    both = listed(left), listed(right)
    if both[0] is not None and both[1] is not None:
        return len(both[0]) == len(both[1]) and all(map(_equal, both[0], both[1]))
    return key(left) == key(right)


def compute(op: str, a: float, b: float) -> float:
    """The number, or the truth of a comparison; raises `ArithmeticError` or `ValueError` where there is none.

    A NaN is none, nor is an infinity that comes of finite numbers.
    """
    match op:
        case "+":
            result = a + b
        case "-":
            result = a - b
        case "*":
            result = a * b
        case "/":
            result = a / b
        case "//":
            result = a // b
        case "%":
            result = a % b
        case "**":
            result = _power(a, b)
        case "<":
            result = a < b
        case "<=":
            result = a <= b
        case ">":
            result = a > b
        case _:
            result = a >= b
    return _finite(result, a, b)


def _power(a: float, b: float) -> float:
    if isinstance(a, int) and isinstance(b, int) and b >= 0 and (abs(a) > 1 and b * math.log2(abs(a)) > 64):
        raise OverflowError
    result: float | complex = a**b
    if isinstance(result, complex):
        raise ValueError
    return result


def _finite(result: float, *values: float) -> float:
    if isinstance(result, float) and (math.isnan(result) or (math.isinf(result) and all(map(math.isfinite, values)))):
        raise OverflowError
    return result


def unary(context: Context, name: str, value: float, span: Span) -> Value:
    """A function of one number; fails with V0309 where it has no value."""
    try:
        return context.bounded(applied(_finite(UNARY[name](value), value), name, value, span=span), span)
    except (ValueError, ArithmeticError):
        context.fail("V0309", f"{name} of {describe(value)} is no number", span, about=value)
