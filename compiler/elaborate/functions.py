"""The functions of the language: every op that a spec may name, and what works on numbers, lists and patterns."""

from collections.abc import Iterable
from functools import cache
from math import inf, pi
from typing import Any

from ...grammar import foreign, tree
from ...grammar.diagnostics import VitError, error
from ...grammar.source import Span
from ...grammar.suggest import close, suggestion
from .. import ops
from ..ops.base import INIT
from . import blame, builtins, numbers
from .builtins.arguments import Args, Kwargs, number_or_tensor
from .library import use_of
from .scopes import MISSING, Scope
from .tensors import attribute, attributes, emit
from .values import Builtin, Identity, OpValue, Tensor, describe, listed

_CONSTANTS: dict[str, Any] = {"pi": pi, "inf": inf, "identity": Identity()}
ALIASES = {"axis": "axes", "shift": "shifts"}


@cache
def find(name: str) -> Any:
    """The value of a name of the language, or MISSING."""
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    own = builtins.table().get(name)
    if own is not None:
        return Builtin(name, own)
    if name in ops.names() and not ops.get(name).internal:
        return Builtin(name, lambda scope, args, kwargs, span: call_op(name, scope, args, kwargs, span))  # type: ignore[reportUnknownLambdaType]
    return MISSING


@cache
def names() -> tuple[str, ...]:
    """Every name of the language."""
    spoken = (name for name in ops.names() if not ops.get(name).internal)
    return tuple(sorted({*_CONSTANTS, *builtins.table(), *spoken}))


def unknown(expr: tree.Name, known: Iterable[str], part: tree.Name | None = None) -> VitError:
    """V0201, the same whether it is found by running a text or by reading it; `part` is what stands behind the name, as
    in `nn.Linear`."""
    if part is not None and expr.id == "self":
        help = f"write `{part.id}`: a layer is called by its name alone"
        return error("V0201", "there is no `self`", expr.span, help=help)
    if part is not None and foreign.stands_alone(expr.id):
        like = part.id if part.id in names() else close(part.id.lower(), names())
        help = foreign.translation(part.id) or (f"write `{like}(…)`" if like else "")
        return error(
            "V0201", f"there is no `{expr.id}`: functions are called by their names alone", expr.span, help=help
        )
    help = foreign.translation(expr.id) or use_of(expr.id) or suggestion(expr.id, [*known, *names()])
    return error("V0201", f"nothing here is called `{expr.id}`", expr.span, help=help)


def call_op(name: str, scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """Given tensors an op runs, given attributes alone it is a block value to bind."""
    op = ops.get(name)
    if name in numbers.UNARY and len(args) == 1 and not isinstance(args[0][0], Tensor) and not kwargs:
        return _of_number(name, scope, args[0], span)
    operands, rest, named = _operands(name, scope, args, kwargs, span)
    params = [p for p in op.params if p.name not in named]
    if len(rest) > len(params):
        scope.context.fail("V0311", f"{name} takes {len(params)} attributes, not {len(rest)}", rest[len(params)][1])
    given = named | {p.name: item for p, item in zip(params, rest, strict=False)}
    settable = [*op.params, *([INIT] if op.owns_weights and not operands else [])]
    known = [p.name for p in settable]
    for key, (_, place) in given.items():
        if key not in known:
            scope.context.fail(
                "V0202", f"{name} has no attribute `{key}`", blame.named(place), help=suggestion(key, known)
            )
    constant = not op.inputs
    if not operands and not constant:
        checked = {
            p.name: (attribute(scope.context, p, *given[p.name]), given[p.name][1]) for p in settable if p.name in given
        }
        return OpValue(name, checked, span)
    return emit(scope, name, operands, _weighted(scope, name, operands, given, span), span)


def _weighted(
    scope: Scope, name: str, operands: list[Any], given: dict[str, tuple[Any, Span]], span: Span
) -> dict[str, Any]:
    """The attributes; a function call with its own weight takes the sizes from there."""
    op = ops.get(name)
    missing = [slot for slot in op.inputs[len(operands) :] if not slot.endswith(("?", "*"))]
    if missing and "weight" in _slots(name):
        text = ", ".join(f"`{slot} = ...`" for slot in missing)
        scope.context.fail("V0216", f"{name} owns weights: bind it to a name, or give it {text}", span)
    if missing:
        scope.context.fail("V0301", f"{name} needs `{missing[0]}`", span, help=f"it takes {', '.join(op.inputs)}")
    if "weight" in op.inputs and any(p.name == "out" for p in op.params) and "out" not in given:
        shape = operands[1].type.shape
        if len(shape) < (4 if any(p.name == "kernel" for p in op.params) else 2):
            scope.context.fail("V0402", f"the weight of {name} has other axes than {list(shape)}", span)
        given = {**given, "out": (shape[0], span)}
        if any(p.name == "kernel" for p in op.params):
            given = {**given, "kernel": (list(shape[-2:]), span)}
        given.setdefault("bias", (len(operands) > 2, span))
    return attributes(scope, name, given, span)


def _operands(name: str, scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> tuple[list[Any], Args, Kwargs]:
    """Tensors by position and by name, then what is left for attributes."""
    op, slots = ops.get(name), _slots(name)
    operands: list[Any] = []
    rest = list(args)
    if any(i.endswith("*") for i in op.inputs):
        items = listed(rest[0][0]) if rest else None
        if items == []:
            scope.context.fail("V0308", f"{name} takes at least one tensor, this list is empty", rest[0][1])
        rest = rest[1:] if items is not None else rest
        operands = [number_or_tensor(scope, name, item, span) for item in items or []]
    numeric = len(slots) > 1 and "weight" not in slots and any(isinstance(v, Tensor) for v, _ in args)
    while (
        rest
        and len(operands) < len(slots)
        and (isinstance(rest[0][0], Tensor) or (numeric and isinstance(rest[0][0], (int, float))))
    ):
        operands.append(rest.pop(0)[0])
    named = {ALIASES.get(k, k) if not any(p.name == k for p in op.params) else k: v for k, v in kwargs.items()}
    for slot in slots[len(operands) :]:
        if slot in named and isinstance(named[slot][0], Tensor):
            operands.append(named.pop(slot)[0])
    return operands, rest, named


def _slots(name: str) -> list[str]:
    """The names of an op's operands."""
    return [slot.rstrip("?*") for slot in ops.get(name).inputs]


def _of_number(name: str, scope: Scope, arg: tuple[Any, Span], span: Span) -> Any:
    value, place = arg
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        scope.context.fail("V0308", f"{name} takes a number or a tensor, not {describe(value)}", place)
    return numbers.unary(scope.context, name, value, span)
