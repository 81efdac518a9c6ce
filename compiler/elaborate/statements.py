"""Statements of `forward` and of functions, and `expect`."""

import re
from typing import TYPE_CHECKING, Any

from ...grammar import tree
from ...grammar.diagnostics import Label
from ...grammar.source import Span
from . import shapes
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
    for index, item in enumerate(items_of(statement.iterable, scope)):
        scope.locals.update(loop_names(statement.names, index, item, scope))
        outcome = _run(statement.body, scope)
        if outcome is not None:
            return outcome
    return None


def _return(statement: tree.Return, scope: Scope) -> Outcome:
    values = tuple(evaluate(result.value, scope) for result in statement.results)
    names = tuple(result.name.id for result in statement.results if result.name)
    return (values[0] if len(values) == 1 else values), names


def _let(statement: tree.Let, scope: Scope) -> None:
    value = evaluate(statement.value, scope)
    values = [value]
    if len(statement.targets) > 1:
        if not isinstance(value, (list, tuple)) or len(value) != len(statement.targets):  # type: ignore[reportUnknownArgumentType]
            count = len(value) if isinstance(value, (list, tuple)) else 1  # type: ignore[reportUnknownArgumentType]
            message = f"{len(statement.targets)} names for {count} values"
            scope.context.fail("V0404", message, statement.targets[0].span)
        values = list(value)  # type: ignore[reportUnknownArgumentType]
    for target, item in zip(statement.targets, values, strict=True):
        if target.pattern is not None:
            if not isinstance(item, Tensor):
                scope.context.fail("V0402", f"`{target.name.id}` is {describe(item)}, not a tensor", target.span)
            shapes.bind(target.pattern, item, scope, target.name.id, target.span)
        if isinstance(item, Tensor):
            scope.builder.name(item.value, target.name.id)
        scope.locals[target.name.id] = item


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
    span, label, others, help = entry.span, "", (), ""
    if divided is not None:
        a, b = divided
        help = _divisors(a, b)
        label = f"{a} / {b} = {a / b:.4g}"
        at = [place for value, place in context.settings.values() if value == b]
        from_a = [place for value, place in context.settings.values() if value == a]
        span = at[-1] if at else span
        others = (Label(from_a[-1], f"{a} set here"),) if from_a and from_a[-1] != span else ()
    context.fail("V0412", message, span, label=label, help=help, others=others)


def _division(expr: tree.Expr, scope: Scope) -> tuple[int, int] | None:
    """The numbers of the first `a % b` that leaves a remainder in a condition."""
    if not isinstance(expr, tree.Binary):
        return None
    if expr.op == "%":
        a, b = evaluate(expr.left, scope), evaluate(expr.right, scope)
        return (a, b) if isinstance(a, int) and isinstance(b, int) and b and a % b else None
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
