"""Arithmetic while compiling: numbers, lists, comparisons."""

import math
from collections.abc import Callable
from typing import Any

from ...diagnostics.source import Span
from .context import Context
from .values import describe, key, listed

SIGNS = ("+", "-", "*", "/", "//", "%", "**", "@")

#: Functions of one number that tensors have as ops of the same name.
UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": math.exp, "log": math.log, "log2": math.log2, "sqrt": math.sqrt, "rsqrt": lambda x: 1 / math.sqrt(x),
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "floor": math.floor, "abs": abs, "erf": math.erf,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "sign": lambda x: (x > 0) - (x < 0),
}  # fmt: skip


def arithmetic(context: Context, op: str, left: Any, right: Any, span: Span) -> Any:
    """`left op right` of two values that are no tensors."""
    if op in ("==", "!="):
        return (key(left) == key(right) or (_number(left) and _number(right) and left == right)) is (op == "==")
    if op in ("in", "not in"):
        items = listed(right)
        if items is None:
            context.fail("V0308", f"`{op}` looks in a list, not in {describe(right)}", span)
        return any(arithmetic(context, "==", left, item, span) for item in items) is (op == "in")
    both = listed(left), listed(right)
    if op == "+" and both[0] is not None and both[1] is not None:
        return both[0] + both[1]
    if op == "@":
        context.fail("V0308", f"`@` multiplies tensors, not {describe(left)} and {describe(right)}", span)
    if not (_number(left) and _number(right)):
        wrong = right if _number(left) else left
        context.fail("V0308", f"`{op}` does not go with {describe(wrong)}", span)
    try:
        return _finite(_compute(op, left, right), left, right)
    except ZeroDivisionError:
        return context.fail("V0309", "a division by zero", span, label=f"{describe(left)} {op} {describe(right)}")
    except (OverflowError, ValueError):
        return context.fail("V0309", f"{describe(left)} {op} {describe(right)} is no number", span)


def _finite(result: Any, *values: Any) -> Any:
    """The result; raises `OverflowError` for a NaN, and for an infinity that comes of finite numbers."""
    if isinstance(result, float) and (math.isnan(result) or (math.isinf(result) and all(map(math.isfinite, values)))):
        raise OverflowError
    return result


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _compute(op: str, a: Any, b: Any) -> Any:
    if op == "**":
        if isinstance(a, int) and isinstance(b, int) and b >= 0 and (abs(a) > 1 and b * math.log2(abs(a)) > 64):
            raise OverflowError
        result = a**b
        if isinstance(result, complex):
            raise ValueError
        return result
    return {
        "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b, "//": lambda: a // b,
        "%": lambda: a % b, "<": lambda: a < b, "<=": lambda: a <= b, ">": lambda: a > b, ">=": lambda: a >= b,
    }[op]()  # fmt: skip


def unary(context: Context, name: str, value: Any, span: Span) -> Any:
    """A function of one number."""
    try:
        return context.integer(_finite(UNARY[name](value), value), span)
    except (ValueError, OverflowError, ZeroDivisionError):
        return context.fail("V0309", f"{name} of {describe(value)} is no number", span)
