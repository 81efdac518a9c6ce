"""The value of an expression."""

from functools import cache
from typing import Any

from ...diagnostics import foreign
from ...grammar import tree
from .. import ops
from . import calls, functions, indexing
from .blame import place
from .context import MAX_ITEMS
from .numbers import SIGNS, arithmetic
from .scopes import LATER, MISSING, Scope
from .tensors import emit
from .values import ANY_WORD, Shape, Tensor, Word, describe


@cache
def _tensor_ops() -> dict[str, str]:
    """The ops of two tensors by their operators."""
    return {
        ops.get(name).operator: name
        for name in ops.names()
        if ops.get(name).operator and len(ops.get(name).inputs) == 2
    }


def evaluate(expr: tree.Expr, scope: Scope, words: tuple[str, ...] = ()) -> Any:
    """The value; where one of `words` is expected a bare name is one."""
    scope.context.step(expr.span)
    match expr:
        case tree.Number():
            return scope.context.integer(expr.value, expr.span)
        case tree.Constant() | tree.String():
            return expr.value
        case tree.Shape():
            return Shape(expr.dims)
        case tree.Unit():
            return scope.context.fail("V0305", f"`{expr.span.text}` has a meaning in `train` only", expr.span)
        case tree.Name():
            return name(expr, scope, words)
        case tree.List():
            return _list([evaluate(item, scope, words) for item in expr.items], scope, expr)
        case tree.Each():
            return _list(_each(expr, scope), scope, expr)
        case tree.Conditional():
            test = condition(expr.test, scope)
            return evaluate(expr.then if test else expr.otherwise, scope, words)
        case tree.Match():
            return evaluate(_arm(expr, scope), scope, words)
        case tree.Unary():
            return _unary(expr, scope)
        case tree.Binary():
            return _binary(expr, scope)
        case tree.Call():
            return calls.call(expr, scope)
        case tree.Index():
            return indexing.index(expr, scope)
        case tree.Attribute():
            return _attribute(expr, scope)


def name(expr: tree.Name, scope: Scope, words: tuple[str, ...] = ()) -> Any:
    """A name's value: a word where one is expected, else what the scope knows."""
    if expr.id in words:
        return Word(expr.id, words)
    if expr.id == "training":
        scope.context.asked = True
        return scope.context.training
    value = scope.lookup(expr.id)
    if value is LATER:
        scope.context.fail(
            "V0208", f"`{expr.id}` is the size of an axis that no tensor has shown yet", expr.span,
            help="a size is known once `forward` has met the pattern that names it",
        )  # fmt: skip
    if value is MISSING and words is ANY_WORD:
        return Word(expr.id)
    if value is MISSING:
        raise functions.unknown(expr, [*scope.locals, *scope.known(), *words])
    return value


def condition(expr: tree.Expr, scope: Scope) -> bool:
    """A compile-time condition."""
    value = evaluate(expr, scope)
    if not isinstance(value, bool):
        help = "`where(condition, a, b)` chooses element by element" if isinstance(value, Tensor) else ""
        scope.context.fail(
            "V0306", f"a condition is true or false while compiling, not {describe(value)}", expr.span, help=help
        )
    return value


def _arm(expr: tree.Match, scope: Scope) -> tree.Expr:
    """The value of the arm for the subject. `reading` has found what is missing or impossible in the user's texts."""
    subject = evaluate(expr.subject, scope)
    name = "none" if subject is None else subject.name if isinstance(subject, Word) else ""
    for arm in expr.arms:
        if any(case.id == name for case in arm.cases):
            return arm.value
    return scope.context.fail("V0315", f"no arm is for {describe(subject)}", expr.span)


def _list(items: list[Any], scope: Scope, expr: tree.Expr) -> list[Any]:
    return scope.context.integer(items, place(expr, scope))


def items_of(expr: tree.Expr, scope: Scope) -> list[Any]:
    """What a `for` goes through."""
    value = evaluate(expr, scope)
    if isinstance(value, Shape):
        return list(value.dims)
    members = calls.members(value)
    if members is None:
        scope.context.fail("V0307", f"`for` goes through a list, not {describe(value)}", expr.span)
    return members


def loop_names(names: tuple[tree.Name, ...], index: int, item: Any, scope: Scope) -> dict[str, Any]:
    """The names of one turn: the item, or the index and the item."""
    if len(names) > 2:
        scope.context.fail(
            "V0307", "`for` takes a name for the item, or one for the index and one for the item", names[2].span
        )
    values = (item,) if len(names) == 1 else (index, item)
    return {n.id: v for n, v in zip(names, values, strict=True)}


def _each(expr: tree.Each, scope: Scope) -> list[Any]:
    scopes = [scope]
    for clause in expr.clauses:
        wider: list[Scope] = []
        for inner in scopes:
            for i, item in enumerate(items_of(clause.iterable, inner)):
                scope.context.step(clause.span)
                wider.append(inner.with_locals(loop_names(clause.names, i, item, inner)))
            if len(wider) > MAX_ITEMS:
                at = place(clause.iterable, inner)
                scope.context.too_long(at, len(wider))
        scopes = wider
    with scope.context.loop(len(scopes), place(expr.clauses[0].iterable, scope)):
        if expr.test is not None:
            scopes = [inner for inner in scopes if condition(expr.test, inner)]
        return [evaluate(expr.item, inner) for inner in scopes]


def _unary(expr: tree.Unary, scope: Scope) -> Any:
    if expr.op == "not":
        value = evaluate(expr.operand, scope)
        if isinstance(value, Tensor):
            return emit(scope, "logical_not", (value,), {}, place(expr, scope, loose=True))
        if not isinstance(value, bool):
            scope.context.fail("V0306", f"`not` takes true or false, not {describe(value)}", expr.operand.span)
        return not value
    value = evaluate(expr.operand, scope)
    if isinstance(value, Tensor):
        return emit(scope, "neg", (value,), {}, place(expr, scope, loose=True))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        scope.context.fail("V0308", f"`-` takes a number or a tensor, not {describe(value)}", expr.span)
    return -value


def _binary(expr: tree.Binary, scope: Scope) -> Any:
    if expr.op in ("and", "or"):
        return _logical(expr, scope)
    if expr.op == "..":
        return _range(expr, scope)
    left, right = _sides(expr, scope)
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        if expr.op in ("==", "!=") and (left is None or right is None):
            return expr.op == "!="
        bad = next((x for x in (left, right) if not isinstance(x, (Tensor, int, float))), None)
        if bad is not None or expr.op not in _tensor_ops():
            scope.context.fail("V0308", f"`{expr.op}` does not go with {describe(bad)} and a tensor", expr.span)
        return emit(scope, _tensor_ops()[expr.op], (left, right), {}, place(expr, scope, loose=True))
    return scope.context.integer(arithmetic(scope.context, expr.op, left, right, expr.span), place(expr, scope))


def _sides(expr: tree.Binary, scope: Scope) -> tuple[Any, Any]:
    """Both operands; a bare name compared with a word is one of its choices."""
    if expr.op not in ("==", "!=", "in", "not in"):
        return evaluate(expr.left, scope), evaluate(expr.right, scope)
    chosen = _choices(expr.right, scope)  # `token == pool` reads as `pool == token` does
    left = evaluate(expr.left, scope, chosen)
    choices = left.choices if isinstance(left, Word) and not chosen else _choices(expr.left, scope)
    return left, evaluate(expr.right, scope, choices)


def _choices(expr: tree.Expr, scope: Scope) -> tuple[str, ...]:
    """The words a parameter could have held, though now it holds `none` or a number."""
    from .params import words

    if not isinstance(expr, tree.Name):
        return ()
    thunk = scope.origin(expr.id)
    value = scope.locals.get(expr.id)
    return value.choices if isinstance(value, Word) else words(thunk.type) if thunk is not None else ()


def _logical(expr: tree.Binary, scope: Scope) -> Any:
    left = evaluate(expr.left, scope)
    if isinstance(left, Tensor):
        return emit(
            scope, _tensor_ops()[expr.op], (left, evaluate(expr.right, scope)), {}, place(expr, scope, loose=True)
        )
    if not isinstance(left, bool):
        scope.context.fail("V0306", f"`{expr.op}` takes true or false, not {describe(left)}", expr.left.span)
    if left is (expr.op == "or"):
        return left
    right = evaluate(expr.right, scope)
    if not isinstance(right, (bool, Tensor)):
        scope.context.fail("V0306", f"`{expr.op}` takes true or false, not {describe(right)}", expr.right.span)
    return right


def _range(expr: tree.Binary, scope: Scope) -> list[int]:
    ends = [evaluate(side, scope) for side in (expr.left, expr.right)]
    for end, side in zip(ends, (expr.left, expr.right), strict=True):
        if isinstance(end, bool) or not isinstance(end, int):
            scope.context.fail("V0308", f"a range goes from an integer to an integer, not {describe(end)}", side.span)
    if ends[1] - ends[0] > MAX_ITEMS:
        scope.context.too_long(place(expr, scope), ends[1] - ends[0])
    return scope.context.integer(list(range(*ends)), place(expr, scope))


def _attribute(expr: tree.Attribute, scope: Scope) -> Any:
    if (
        isinstance(expr.base, tree.Name)
        and foreign.stands_alone(expr.base.id)
        and scope.lookup(expr.base.id) is MISSING
    ):
        raise functions.unknown(expr.base, (), expr.name)
    value = evaluate(expr.base, scope)
    if isinstance(value, calls.ModelValue):
        return value.parameter(expr.name.id, scope.context, expr.name.span)
    parts = {"h": 0, "w": 1, "c": 2}
    if isinstance(value, Shape) and parts.get(expr.name.id, 9) < len(value.dims):
        return value.dims[parts[expr.name.id]]
    if isinstance(value, int) and not isinstance(value, bool) and expr.name.id in ("h", "w"):
        return value  # a number where a shape could be is a square
    help = "a shape has .h, .w and .c" if isinstance(value, Shape) else ""
    if isinstance(value, Tensor):
        called = f"write `{expr.name.id}({expr.base.span.text}, …)`" if expr.name.id in functions.names() else ""
        help = (
            foreign.translation(expr.name.id)
            or functions.otherwise(expr.name.id)
            or called
            or "a tensor has no parts: write `f(x)`, not `x.f()`"
        )
        if expr.name.id in parts and isinstance(expr.base, tree.Name):
            help = f"inside `forward`, `{expr.base.id}` is the tensor: name its sizes by a pattern, `{expr.base.id}: [C, H, W]`"
    return scope.context.fail("V0202", f"{describe(value)} has no `.{expr.name.id}`", expr.name.span, help=help)


__all__ = ["SIGNS", "condition", "evaluate", "items_of", "loop_names", "name"]
