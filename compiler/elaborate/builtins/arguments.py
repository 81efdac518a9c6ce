"""Arguments of the language's functions."""

from typing import Any

from ....diagnostics.source import Span
from ....diagnostics.suggest import suggestion
from ...ir.types import TensorType
from ..blame import named
from ..scopes import Scope
from ..tensors import is_int
from ..values import Shape, Tensor, describe

Args = list[tuple[Any, Span]]
Kwargs = dict[str, tuple[Any, Span]]


def take(scope: Scope, args: Args, kwargs: Kwargs, span: Span, *names: str, optional: int = 0) -> list[Any]:
    """The arguments of a function by position or name; fails with V0202, V0301 or V0311."""
    given = dict(zip(names, args, strict=False)) | kwargs
    if len(args) > len(names):
        message = f"{len(args)} values are given to a function of {', '.join(f'`{name}`' for name in names)}"
        scope.context.fail("V0311", message, args[len(names)][1])
    wrong = next((name for name in kwargs if name not in names), "")
    if wrong:
        help = suggestion(wrong, names)
        scope.context.fail("V0202", f"there is no `{wrong}` here", named(kwargs[wrong][1]), help=help)
    for name in names[: len(names) - optional]:
        if name not in given:
            scope.context.fail("V0301", f"`{name}` is missing", span)
    return [given[name][0] if name in given else None for name in names]


def sizes_of(scope: Scope, value: Any, span: Span) -> tuple[int, ...]:
    """A shape of the text as a tuple; fails with V0303, V0304 or V0501."""
    items = positive(scope, value, span)
    scope.context.sized(TensorType(items), span)
    return items


def positive(scope: Scope, value: Any, span: Span) -> tuple[int, ...]:
    """A list of sizes as a tuple; fails with V0303 or V0304."""
    items: Any = value.dims if isinstance(value, Shape) else value
    if not isinstance(items, (list, tuple)) or any(isinstance(i, bool) or not isinstance(i, int) for i in items):  # type: ignore[reportUnknownVariableType]
        help = f"write `[{value}]`" if is_int(value) else ""
        scope.context.fail("V0303", f"a shape is a list of integers, not {describe(value)}", span, help=help)
    if any(i < 1 for i in items):  # type: ignore[reportUnknownVariableType]
        scope.context.fail("V0304", f"sizes are at least 1: {list(items)}", span)  # type: ignore[reportUnknownArgumentType]
    return tuple(items)  # type: ignore[reportUnknownArgumentType]


def number_or_tensor(scope: Scope, what: str, value: Any, span: Span) -> Any:
    """An operand; fails with V0308 for anything else."""
    if isinstance(value, (Tensor, int, float)):
        return value
    return scope.context.fail("V0308", f"{what} takes tensors, not {describe(value)}", span)
