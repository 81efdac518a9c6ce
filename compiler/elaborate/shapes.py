"""Shape patterns: `[N, D]` names sizes that are new and checks those that are known."""

from typing import Any

from ...grammar import tree
from ...grammar.diagnostics import Label
from ...grammar.source import Span
from .scopes import MISSING, Scope
from .values import Tensor, describe


def bind_type(type: tree.Type, value: Tensor, scope: Scope, what: str, span: Span) -> None:
    """Matches a tensor with the patterns among a type's alternatives."""
    patterns = [a for a in type.alternatives if isinstance(a, tree.Pattern)]
    if patterns:
        bind(patterns[0], value, scope, what, span)


def bind(pattern: tree.Pattern, value: Tensor, scope: Scope, what: str, span: Span) -> None:
    """Names or checks every axis; fails with V0402 (rank) or V0403 (size) at `span`."""
    shape = value.type.shape
    lead = bool(pattern.dims) and isinstance(pattern.dims[0], tree.Lead)
    dims = pattern.dims[1:] if lead else pattern.dims
    fits = len(shape) >= len(dims) if lead else len(shape) == len(dims)
    if not fits:
        scope.context.fail(
            "V0402",
            f"`{what}` is {pattern.span.text}, the tensor here is {list(shape)}",
            span,
            label=f"{len(shape)} axes",
            others=(Label(pattern.span, f"{len(dims)} axes wanted"),),
        )
    for dim, size in zip(dims, shape[len(shape) - len(dims) :], strict=True):
        _axis(dim, size, shape, scope, what, span)


def _axis(dim: Any, size: int, shape: tuple[int, ...], scope: Scope, what: str, span: Span) -> None:
    from .expressions import evaluate

    context = scope.context
    if isinstance(dim, tree.Name):
        known = scope.lookup(dim.id)
        if known is MISSING or isinstance(known, bool) or not isinstance(known, int):
            scope.shapes[dim.id] = size
            context.memo[id(scope.shapes), dim.id] = (span, scope.shapes)
            return
    else:
        known = evaluate(dim, scope)
    if known != size:
        first = context.memo.get((id(scope.shapes), dim.id)) if isinstance(dim, tree.Name) else None
        others = (Label(first[0], f"{dim.span.text} is {describe(known)} from here"),) if first else ()
        message = f"`{what}` is {list(shape)}: {size} where {dim.span.text} = {describe(known)} is wanted"
        context.fail("V0403", message, span, others=others)


def results(outs: tuple[tree.Out, ...], value: Any, scope: Scope, forward: tree.Forward) -> Any:
    """Checks what `forward` returns against its signature."""
    values = value if isinstance(value, tuple) else (value,)  # type: ignore[reportUnknownVariableType]
    if outs and len(outs) != len(values):  # type: ignore[reportUnknownArgumentType]
        message = f"the signature has {len(outs)} results, `return` gives {len(values)}"  # type: ignore[reportUnknownArgumentType]
        scope.context.fail("V0404", message, outs[0].span)
    for out, item in zip(outs, values, strict=False):  # type: ignore[reportUnknownArgumentType]
        if isinstance(item, Tensor):
            bind_type(out.type, item, scope, out.name.id if out.name else "the result", out.span)
    return value
