"""`expect`: a condition that must hold, told at the value in the user's text that breaks it."""

import re

from ...diagnostics import Label
from ...grammar import tree
from ...grammar.walking import names
from .blame import follow, source
from .scopes import Scope, place
from .values import Shape, Tensor, Word, describe, is_int, is_number


def expect(entry: tree.Expect, scope: Scope) -> None:
    """Fails with V0412 where the condition is false, at the value in the user's text that does the dividing."""
    if scope.interpreter.condition(entry.condition, scope):
        return
    context = scope.context
    text = entry.condition.span.text
    message = fill(entry.message.value, scope) if entry.message else f"`{text}` does not hold"
    divided = _division(entry.condition, scope)
    if divided is None:
        places = [place(name, scope) for name in names(entry.condition)]
        set_ = next((at for at in places if follow(context, at) is not None), entry.condition.span)
        span = entry.span if context.own(entry.span) else set_
        numbers = _compared(entry.condition, scope)
        label = (
            f" {entry.condition.op} ".join(map(describe, numbers)) if isinstance(entry.condition, tree.Binary) else ""
        )
        context.fail("V0412", message, span, label=label, sizes=numbers)
    expr, a, b = divided
    by, of = source(context, b), source(context, a)
    at = by or of or (entry.span if context.own(entry.span) else place(expr, scope))
    others = (Label(of, f"{a} set here"),) if of is not None and of != at else ()
    help = _divisors(a, b) if by is not None else _multiples(a, b)
    context.fail("V0412", message, at, label=f"{a} / {b} = {a / b:.4g}", help=help, others=others)


def _compared(expr: tree.Expr, scope: Scope) -> tuple[float, ...]:
    """The numbers of a comparison, nothing of anything else."""
    if not isinstance(expr, tree.Binary) or expr.op not in ("==", "!=", "<", "<=", ">", ">="):
        return ()
    sides = scope.evaluate(expr.left), scope.evaluate(expr.right)
    return tuple(side for side in sides if is_number(side)) if all(map(is_number, sides)) else ()


def _division(expr: tree.Expr, scope: Scope) -> tuple[tree.Binary, int, int] | None:
    """The first `a % b` that leaves a remainder in a condition, with its numbers."""
    if not isinstance(expr, tree.Binary):
        return None
    if expr.op == "%":
        a, b = scope.evaluate(expr.left), scope.evaluate(expr.right)
        return (expr, a, b) if is_int(a) and is_int(b) and b and a % b else None
    return _division(expr.left, scope) or _division(expr.right, scope)


def _divisors(a: int, b: int) -> str:
    """Numbers near `b` that divide `a`."""
    if not 0 < a < 10**7:
        return ""
    near = sorted((d for d in range(1, min(a, 4 * b) + 1) if a % d == 0), key=lambda d: (abs(d - b), d))[:3]
    listed = sorted(near)
    if len(listed) < 2:
        return ""
    return f"{', '.join(map(str, listed[:-1]))} and {listed[-1]} divide {a}"


def _multiples(a: int, b: int) -> str:
    """Numbers near `a` that `b` divides."""
    if not 0 < b < a < 10**7:
        return ""
    return f"{a // b * b} and {a // b * b + b} are multiples of {b}"


def fill(text: str, scope: Scope) -> str:
    """The text with `{name}` and `{name.part}` replaced by their values."""

    def value(match: re.Match[str]) -> str:
        name, _, part = match.group(1).partition(".")
        found = scope.lookup(name)
        if isinstance(found, Shape) and part:
            size = found.side(part)
            return match.group(0) if size is None else str(size)
        if isinstance(found, Word):
            return found.name
        return (
            describe(found) if isinstance(found, (int, float, bool, Shape, Tensor)) or found is None else match.group(0)
        )

    return re.sub(r"\{([A-Za-z_][\w.]*)\}", value, text)
