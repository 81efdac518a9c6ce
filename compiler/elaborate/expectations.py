"""`expect`: a condition that must hold, told at the value in the user's text that breaks it."""

import re

from ...diagnostics import Label
from ...diagnostics.source import Span
from ...grammar import tree
from .blame import trace
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
        span = entry.span if context.own(entry.span) else place(entry.condition, scope)
        context.fail("V0412", message, span, label=_compared(entry.condition, scope))
    expr, a, b = divided
    by, of = trace(expr.right, scope), _set(expr.left, a, entry, scope)
    led = of.span if of is not None and context.own(of.span) else None
    at = by or led or (entry.span if context.own(entry.span) else place(expr, scope))
    others = (of,) if of is not None and of.span != at else ()
    help = _divisors(a, b) if by is not None else _multiples(a, b)
    context.fail("V0412", message, at, label=f"{a} / {b} = {a / b:.4g}", help=help, others=others)


def _compared(expr: tree.Expr, scope: Scope) -> str:
    """The numbers of a comparison, where they are not written out."""
    if not isinstance(expr, tree.Binary) or expr.op not in ("==", "!=", "<", "<=", ">", ">="):
        return ""
    left, right = scope.evaluate(expr.left), scope.evaluate(expr.right)
    return f"{describe(left)} {expr.op} {describe(right)}" if is_number(left) and is_number(right) else ""


def _set(expr: tree.Expr, size: int, entry: tree.Expect, scope: Scope) -> Label | None:
    """Where a size comes from: what was written for it, the pattern that names it, the parameter of the model that has
    its name, or else the only one that has the number."""
    led = trace(expr, scope)
    if led is not None and not (led.source is entry.span.source and entry.span.start <= led.start < entry.span.end):
        return Label(led, f"{size} set here")
    if isinstance(expr, tree.Name) and expr.id in scope.sizes and scope.context.own(scope.sizes[expr.id][1]):
        return Label(scope.sizes[expr.id][1], f"{expr.id} is {size} here")
    alike = [s for s in scope.context.sizes if s.value == size and scope.context.own(s.span)]
    called = next((s.span for s in alike if s.name == expr.span.text), None)
    only = {s.span for s in alike if s.sizes} if len({s.span for s in alike}) == 1 else set[Span]()
    at = called or next(iter(only), None)
    return Label(at, f"{size} set here") if at is not None else None


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
