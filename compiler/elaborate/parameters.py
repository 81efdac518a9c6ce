"""Parameters: whether the type of one takes a value, and binding it."""

from collections.abc import Iterable

from ...diagnostics import foreign
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from ...grammar.values import shape
from ..ir.numbers import as_float
from . import shape_patterns
from .context import Context
from .declarations import words
from .scopes import Place, Scope
from .values import (
    BlockValue,
    Builtin,
    FunctionValue,
    Given,
    Identity,
    OpValue,
    Shape,
    Shared,
    Tensor,
    Value,
    Word,
    describe,
    is_int,
    is_number,
    listed,
)


def bind(param: tree.Param, given: Given | None, scope: Scope, span: Span | None = None) -> None:
    """Binds a parameter of a `fn` or of `forward`: its value or its default, checked, sizes named by its pattern.

    Fails with V0302, V0304, V0402 or V0403; a shape that does not fit is told at `span`, else at the value.
    """
    if given is None:
        assert param.default is not None  # what is missing is told before
        given = scope.evaluate(param.default, words(param.type)), param.default.span
    value = check(scope.context, param, *given)
    if isinstance(value, Tensor) and param.type is not None:
        shape_patterns.bind_type(param.type, value, scope, param.name.id, span or given[1], given=True)
    scope.locals[param.name.id] = value


def check(context: Context, param: tree.Param, value: Value, span: Span) -> Value:
    """The value if the parameter takes it (an int where a float is wanted becomes one); fails with V0302 or V0304."""
    alternatives = param.type.alternatives if param.type else _from_default(param.default)
    if not alternatives:
        return value
    for alternative in alternatives:
        if isinstance(alternative, tree.Pattern):
            if isinstance(value, Tensor):
                return value
        elif _is(value, alternative.name):
            for bound in alternative.bounds:
                _bounded(context, param, value, span, bound)
            if alternative.name == "int" and isinstance(value, int) and value < 0 and not alternative.bounds:
                context.fail("V0304", f"`{param.name.id}` must not be negative", span, label=f"this is {value}", about=value,
                             help="where negative numbers make sense the parameter says so: `int >= -9`")  # fmt: skip
            return as_float(value) if alternative.name == "float" and isinstance(value, int) else value
    allowed = " | ".join(_shown(a) for a in alternatives)
    help = suggestion(value.name, words(param.type)) if isinstance(value, Word) else _hint(alternatives, value, span)
    return context.fail(
        "V0302", f"`{param.name.id}` takes {allowed}, not {describe(value)}", span, help=help, about=value
    )


def _hint(alternatives: Iterable[tree.Word | tree.Pattern], value: Value, span: Span) -> str:
    """What a value of a wrong type may have been meant to be."""
    kinds = {a.name for a in alternatives if isinstance(a, tree.Word)}
    if isinstance(value, str) and (value in kinds or kinds <= {"int", "float"}):
        return f"write it without quotes: {value}" if value in kinds or value.replace(".", "").isdigit() else ""
    if isinstance(value, float) and "int" in kinds and isinstance(span, Place) and _divides(span.expr):
        return "`/` gives a float: write `//`"
    if isinstance(value, float) and "int" in kinds and value.is_integer():
        return f"write {value:.0f}"
    factors = _factors(span.expr) if isinstance(span, Place) else []
    if "shape" in kinds and len(factors) > 1:
        return f"write {shape(factors)}: a shape is height x width x channels"
    if isinstance(value, str) and kinds & {"block", "layer"} and value.isidentifier():
        return f"write it without quotes: {value}"
    if value is None and kinds & {"block", "layer"}:
        return "`identity` is the layer that does nothing"
    sides = [side for side in listed(value) or [] if isinstance(side, int)]
    if "shape" in kinds and sides and len(sides) == len(listed(value) or []):
        return f"write {shape(sides)}: a shape is height x width x channels"
    if foreign_type := next((foreign.TYPES[kind] for kind in sorted(kinds) if kind in foreign.TYPES), ""):
        return f"the type is written `{foreign_type}`"
    if "shape" in kinds and is_int(value):
        return f"a shape is height x width x channels: {value}x{value}x3"
    return ""


def _divides(expr: tree.Expr) -> bool:
    """Whether a `/` stands in an expression, in calls in it apart."""
    if isinstance(expr, tree.Binary):
        return expr.op == "/" or _divides(expr.left) or _divides(expr.right)
    return isinstance(expr, tree.Unary) and _divides(expr.operand)


def _factors(expr: tree.Expr) -> list[int]:
    """The numbers of a product that is written out, nothing of anything else."""
    if isinstance(expr, tree.Number):
        return [expr.value] if isinstance(expr.value, int) else []
    if not isinstance(expr, tree.Binary) or expr.op != "*":
        return []
    left, right = _factors(expr.left), _factors(expr.right)
    return [*left, *right] if left and right else []


def _bounded(context: Context, param: tree.Param, value: Value, span: Span, bound: tree.Bound) -> None:
    assert isinstance(bound.limit, tree.Number)
    if not is_number(value):
        context.fail("V0308", f"`{bound.op}` does not go with {describe(value)}", bound.span)
    limit = bound.limit.value
    good = {">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit}[bound.op]
    if not good:
        context.fail(
            "V0304",
            f"`{param.name.id}` must be {bound.op} {limit}",
            span,
            label=f"this is {describe(value)}",
            about=value,
        )


def _shown(alternative: tree.Word | tree.Pattern) -> str:
    return alternative.name if isinstance(alternative, tree.Word) else "tensor"


def _from_default(default: tree.Expr | None) -> tuple[tree.Word, ...]:
    """`drop = 0.0` is a float, `bias = true` a bool; any other default leaves the type open."""
    if isinstance(default, tree.Number):
        return (tree.Word(default.span, type(default.value).__name__),)
    if isinstance(default, tree.Constant) and default.value is not None:
        return (tree.Word(default.span, "bool"),)
    if isinstance(default, tree.Shape):
        return (tree.Word(default.span, "shape"),)
    return ()


def _is(value: Value, name: str) -> bool:
    if name == "int":
        return is_int(value)
    if name == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name in ("block", "layer"):
        return isinstance(value, (BlockValue, OpValue, FunctionValue, Builtin, Identity, Shared, list))
    if name in _KINDS:
        return isinstance(value, _KINDS[name])
    return value is None if name == "none" else isinstance(value, Word) and value.name == name


_KINDS: dict[str, type] = {"bool": bool, "shape": Shape, "list": list, "tensor": Tensor, "text": str}
