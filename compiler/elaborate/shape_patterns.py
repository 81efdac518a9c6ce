"""Shape patterns: `[N, D]` names sizes that are new and checks those that are known."""

from ...diagnostics import Label, foreign
from ...diagnostics.source import Span
from ...grammar import tree
from ..ir.numbers import Name, wrapped
from .scopes import Scope, plain
from .values import LATER, MISSING, Tensor, Value, describe, is_int


def bind_type(type: tree.Type, value: Tensor, scope: Scope, what: str, span: Span, *, given: bool = False) -> None:
    """Matches a tensor with the patterns among a type's alternatives."""
    patterns = [a for a in type.alternatives if isinstance(a, tree.Pattern)]
    if patterns:
        bind(patterns[0], value, scope, what, span, given=given)


def bind(pattern: tree.Pattern, value: Tensor, scope: Scope, what: str, span: Span, *, given: bool = False) -> None:
    """Names or checks every axis; fails with V0402 (rank) or V0403 (size) at `span`. `given`: of a tensor that is handed in."""
    shape = value.type.shape
    leads = [i for i, dim in enumerate(pattern.dims) if isinstance(dim, tree.Lead)]
    if len(leads) > 1:
        scope.context.fail("V0407", "`..` stands once in a pattern", pattern.dims[leads[1]].span)
    before = pattern.dims[: leads[0]] if leads else pattern.dims
    after = pattern.dims[leads[0] + 1 :] if leads else ()
    dims = (*before, *after)
    fits = len(shape) >= len(dims) if leads else len(shape) == len(dims)
    if not fits:
        first = dims[0] if dims else None
        help = foreign.batch(first.id, len(dims), len(shape)) if isinstance(first, tree.Name) else ""
        if given and not help and not leads and len(shape) > len(dims) and scope.context.own(pattern.span):
            help = f"`[.., {pattern.span.text[1:-1].strip()}]` takes any axes before these"
        if given and not help and not leads and (len(shape), len(dims)) == (2, 3):
            help = '`rearrange(x, "(h w) d -> h w d", h = …)` makes a grid of tokens'
        scope.context.fail(
            "V0402",
            f"`{what}` is {pattern.span.text}, the tensor here is {list(shape)}",
            span,
            label=axes(len(shape)),
            help=help,
            others=(Label(pattern.span, f"{axes(len(dims))} wanted"),),
        )
    sizes = (*shape[: len(before)], *shape[len(shape) - len(after) :])
    for dim, size in zip(dims, sizes, strict=True):
        assert not isinstance(dim, tree.Lead)  # `..` stands between them
        _axis(dim, size, shape, scope, what, span)


def _axis(dim: tree.Expr, size: int, shape: tuple[int, ...], scope: Scope, what: str, span: Span) -> None:
    context = scope.context
    if isinstance(dim, tree.Name):
        known = scope.lookup(dim.id)
        if known is MISSING or known is LATER or not is_int(known):
            at = dim.span if context.own(dim.span) else plain(span)
            scope.sizes[dim.id] = wrapped(size, Name(dim.id, "size", size, at, local=True)), at
            return
    else:
        known = scope.evaluate(dim)
    if known != size:
        first = scope.sizes.get(dim.id) if isinstance(dim, tree.Name) else None
        others = (Label(first[1], f"{dim.span.text} is {describe(known)} from here"),) if first else ()
        is_ = "" if dim.span.text == describe(known) else f" = {describe(known)}"
        message = f"`{what}` is {list(shape)}: {size} where {dim.span.text}{is_} is wanted"
        sizes = (size, known) if isinstance(known, int) else (size,)
        context.fail("V0403", message, span, others=others, sizes=sizes)


def results(outs: tuple[tree.Out, ...], value: Value, scope: Scope) -> None:
    """Checks what `forward` returns against its signature."""
    values = value if isinstance(value, tuple) else (value,)
    if outs and len(outs) != len(values):
        message = f"the signature has {len(outs)} result{'s' * (len(outs) > 1)}, `return` gives {len(values)}"
        scope.context.fail("V0404", message, outs[0].span)
    for out, item in zip(outs, values, strict=False):
        result(out.type, item, scope, out.name.id if out.name else "the result", out.span)


def result(type: tree.Type, value: Value, scope: Scope, what: str, span: Span) -> None:
    """Checks one result; where the type is written as shapes alone it is a tensor."""
    if isinstance(value, Tensor):
        bind_type(type, value, scope, what, span)
    elif all(isinstance(a, tree.Pattern) for a in type.alternatives):
        scope.context.fail("V0404", f"`{what}` is {describe(value)}, a tensor is announced", span)


def axes(count: int) -> str:
    """A number of axes, for messages."""
    return f"{count} axis" if count == 1 else f"{count} axes"
