"""Patterns, splitting, sizes."""

from typing import Any

from ....diagnostics import foreign
from ....diagnostics.source import Span
from ...ir.types import TensorType
from ...ops.base import Param
from .. import patterns
from ..scopes import Scope
from ..tensors import attribute, emit
from ..values import Tensor, describe
from .arguments import Args, Kwargs, number_or_tensor, positive, take


def rearrange_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`rearrange(x, "h w d -> (h w) d")`."""
    return _pattern(scope, args, kwargs, span, repeat=False)


def repeat_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`repeat(x, "h -> h w", w = 3)`: as `rearrange`, the right side may add axes."""
    return _pattern(scope, args, kwargs, span, repeat=True)


def _pattern(scope: Scope, args: Args, kwargs: Kwargs, span: Span, *, repeat: bool) -> Any:
    if len(args) != 2 or not isinstance(args[0][0], Tensor) or not isinstance(args[1][0], str):
        scope.context.fail("V0308", 'it takes a tensor and a pattern such as "n d -> d n"', span)
    sizes: dict[str, int] = {}
    for name, (value, place) in kwargs.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            scope.context.fail("V0303", f"`{name}` is a size, not {describe(value)}", place)
        scope.context.sized(TensorType((value,)), place)
        sizes[name] = value
    return patterns.rearrange(scope, args[0][0], args[1][0], sizes, args[1][1], repeat=repeat)


def transpose_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`transpose(x)`: the last two axes swapped."""
    if len(args) > 1:
        scope.context.fail("V0311", "transpose takes a tensor alone", args[1][1], help=foreign.translation("transpose"))
    (x,) = take(scope, args, kwargs, span, "x")
    return emit(scope, "permute", (number_or_tensor(scope, "transpose", x, span),), {"perm": (-1, -2)}, span)


def split_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`split(x, parts, axis = -1)`: parts is a count or a list of sizes."""
    x, parts, axis = take(scope, args, kwargs, span, "x", "parts", "axis", optional=1)
    axis = -1 if axis is None else attribute(scope.context, Param("axis", "axis"), axis, span)
    if not isinstance(x, Tensor) or x.type.rank < -axis:
        scope.context.fail("V0308", f"split takes a tensor with an axis {axis}, not {describe(x)}", span)
    size = x.type.shape[axis]
    if isinstance(parts, int) and not isinstance(parts, bool):
        if parts < 1 or size % parts:
            scope.context.fail("V0403", f"{size} does not split into {parts} equal parts", span)
        parts = [size // parts] * parts
    sizes = positive(scope, parts, span)
    if sum(sizes) != size:
        scope.context.fail("V0403", f"{' + '.join(map(str, sizes))} is {sum(sizes)}, the axis is {size}", span)
    return emit(scope, "split", (x,), {"sizes": sizes, "axis": axis}, span)


def chunk_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`chunk(x, count, axis = -1)`: at most so many parts of one size, the last may be smaller: `torch.chunk`."""
    x, count, axis = take(scope, args, kwargs, span, "x", "count", "axis", optional=1)
    axis = -1 if axis is None else attribute(scope.context, Param("axis", "axis"), axis, span)
    if not isinstance(x, Tensor) or x.type.rank < -axis:
        scope.context.fail("V0308", f"chunk takes a tensor with an axis {axis}, not {describe(x)}", span)
    parts: int = attribute(scope.context, Param("count", "int", minimum=1), count, span)
    size = x.type.shape[axis]
    each = -(-size // parts)
    sizes = tuple(min(each, size - start) for start in range(0, size, each))
    return emit(scope, "split", (x,), {"sizes": sizes, "axis": axis}, span)


def unstack_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`unstack(x)`: a list along the first written axis."""
    (x,) = take(scope, args, kwargs, span, "x")
    if not isinstance(x, Tensor) or not x.type.rank:
        scope.context.fail("V0308", f"unstack takes a tensor, not {describe(x)}", span)
    return emit(scope, "unbind", (x,), {"axis": -x.type.rank}, span)


def shape_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`shape(x)`: a list of numbers."""
    (x,) = take(scope, args, kwargs, span, "x")
    if not isinstance(x, Tensor):
        scope.context.fail("V0308", f"shape takes a tensor, not {describe(x)}", span)
    return list(x.type.shape)


FUNCTIONS = {
    "rearrange": rearrange_,
    "repeat": repeat_,
    "transpose": transpose_,
    "split": split_,
    "chunk": chunk_,
    "unstack": unstack_,
    "shape": shape_,
}
