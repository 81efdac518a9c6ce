"""Statements of `forward` and of functions, and `expect`."""

import re
from typing import TYPE_CHECKING, Any

from ...diagnostics import Label
from ...diagnostics.source import Span
from ...grammar import tree
from . import shapes
from .blame import place, trace
from .calls import members
from .expressions import condition, evaluate, items_of, loop_names
from .scopes import Scope
from .values import Shape, Tensor, Word, describe

if TYPE_CHECKING:
    from .blocks import Instance

Outcome = tuple[Any, tuple[str, ...]]


def execute(body: tuple[tree.Stmt, ...], scope: Scope, span: Span) -> Outcome:
    """Runs statements to the `return`; its values (a tuple if several) and their names."""
    outcome = _run(body, scope)
    if outcome is None:
        scope.context.fail("V0408", "nothing is returned here", span, help="end with `return`")
    return outcome


def _run(body: tuple[tree.Stmt, ...], scope: Scope) -> Outcome | None:
    for statement in body:
        scope.context.step(statement.span)
        outcome: Outcome | None = None
        match statement:
            case tree.Let():
                _let(statement, scope)
            case tree.Expect():
                expect(statement, scope)
            case tree.If():
                outcome = _run(statement.then if condition(statement.test, scope) else statement.otherwise, scope)
            case tree.For():
                outcome = _for(statement, scope)
            case tree.Return():
                return _return(statement, scope)
        if outcome is not None:
            return outcome
    return None


def _for(statement: tree.For, scope: Scope) -> Outcome | None:
    items = items_of(statement.iterable, scope)
    with scope.context.loop(len(items), place(statement.iterable, scope)):
        for index, item in enumerate(items):
            for name, value in loop_names(statement.names, index, item, scope).items():
                scope.let(name, value)
            outcome = _run(statement.body, scope)
            if outcome is not None:
                return outcome
    return None


def _return(statement: tree.Return, scope: Scope) -> Outcome:
    values = tuple(evaluate(result.value, scope) for result in statement.results)
    names = tuple(result.name for result in statement.results if result.name)
    if names and len(names) < len(values):
        scope.context.fail("V0404", "either all results have names or none", names[0].span)
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        scope.context.fail("V0204", f"two results are called `{twice.id}`", twice.span)
    return (values[0] if len(values) == 1 else values), tuple(name.id for name in names)


def _let(statement: tree.Let, scope: Scope) -> None:
    value = evaluate(statement.value, scope)
    values = [value]
    if len(statement.targets) > 1:
        values = members(value)
        if values is None or len(values) != len(statement.targets):
            message = f"{len(statement.targets)} names for {1 if values is None else len(values)} values"
            scope.context.fail("V0404", message, statement.targets[0].span, label=f"this is {describe(value)}")
    for target, item in zip(statement.targets, values, strict=True):
        if target.pattern is not None:
            if not isinstance(item, Tensor):
                scope.context.fail("V0402", f"`{target.name.id}` is {describe(item)}, not a tensor", target.span)
            at = target.span if scope.context.own(target.span) else place(statement.value, scope)
            shapes.bind(target.pattern, item, scope, target.name.id, at)
        if isinstance(item, Tensor):
            scope.builder.name(item.value, target.name.id)
        scope.let(target.name.id, item)


def expectations(instance: "Instance", scope: Scope) -> None:
    """The `expect`s that stand among a block's bindings."""
    for entry in instance.value.definition.entries:
        if isinstance(entry, tree.Expect):
            expect(entry, scope)


def expect(entry: tree.Expect, scope: Scope) -> None:
    """Fails with V0412 where the condition is false, at the value in the user's text that does the dividing."""
    if condition(entry.condition, scope):
        return
    context = scope.context
    text = entry.condition.span.text
    message = fill(entry.message.value, scope) if entry.message else f"`{text}` does not hold"
    divided = _division(entry.condition, scope)
    if divided is None:
        span = entry.span if context.own(entry.span) else place(entry.condition, scope)
        context.fail("V0412", message, span)
    expr, a, b = divided
    by, of = trace(expr.right, scope), trace(expr.left, scope) or _set(a, scope)
    led = of if of is not None and context.own(of) else None
    at = by or led or (entry.span if context.own(entry.span) else place(expr, scope))
    others = (Label(of, f"{a} set here"),) if of is not None and of != at else ()
    help = _divisors(a, b) if by is not None else _multiples(a, b)
    context.fail("V0412", message, at, label=f"{a} / {b} = {a / b:.4g}", help=help, others=others)


def _set(size: int, scope: Scope) -> Span | None:
    """Where the sheet sets a size."""
    found = scope.context.size(size)
    return found.span if found is not None else None


def _division(expr: tree.Expr, scope: Scope) -> tuple[tree.Binary, int, int] | None:
    """The first `a % b` that leaves a remainder in a condition, with its numbers."""
    if not isinstance(expr, tree.Binary):
        return None
    if expr.op == "%":
        a, b = evaluate(expr.left, scope), evaluate(expr.right, scope)
        return (expr, a, b) if isinstance(a, int) and isinstance(b, int) and b and a % b else None
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
        if isinstance(found, Shape) and part in ("h", "w", "c"):
            found = found.dims["hwc".index(part)]
        if isinstance(found, Word):
            return found.name
        return (
            describe(found) if isinstance(found, (int, float, bool, Shape, Tensor)) or found is None else match.group(0)
        )

    return re.sub(r"\{([A-Za-z_][\w.]*)\}", value, text)
