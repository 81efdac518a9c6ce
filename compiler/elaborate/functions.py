"""The functions of the language: every op that a spec may name, and what works on numbers, lists and patterns."""

from collections.abc import Iterable
from functools import cache
from math import inf, pi
from typing import Any

from ...diagnostics import VitError, error, foreign
from ...diagnostics.source import Span
from ...diagnostics.suggest import close, suggestion
from ...grammar import tree
from .. import ops
from ..ops.base import INIT, REQUIRED, OpError
from . import blame, builtins, numbers
from .builtins.arguments import Args, Kwargs, number_or_tensor
from .library import use_of
from .scopes import MISSING, Scope
from .tensors import attribute, attributes, emit, is_int
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
    if name in ops.names() and ops.get(name).spoken:
        return Builtin(name, lambda scope, args, kwargs, span: call_op(name, scope, args, kwargs, span))  # type: ignore[reportUnknownLambdaType]
    return MISSING


@cache
def names() -> tuple[str, ...]:
    """Every name of the language."""
    spoken = (name for name in ops.names() if ops.get(name).spoken)
    return tuple(sorted({*_CONSTANTS, *builtins.table(), *spoken}))


def unknown(expr: tree.Name, known: Iterable[str], part: tree.Name | None = None) -> VitError:
    """V0201, the same whether it is found by running a text or by reading it; `part` is what stands behind the name, as
    in `nn.Linear`."""
    if part is not None and expr.id == "self":
        help = f"write `{part.id}`: a layer is called by its name alone"
        return error("V0201", "there is no `self`", expr.span, help=help)
    if part is not None and foreign.stands_alone(expr.id):
        like = part.id if part.id in names() else close(part.id.lower(), names())
        help = foreign.translation(part.id) or otherwise(part.id) or (f"write `{like}(…)`" if like else "")
        return error(
            "V0201", f"there is no `{expr.id}`: functions are called by their names alone", expr.span, help=help
        )
    help = (
        foreign.translation(expr.id) or otherwise(expr.id) or use_of(expr.id) or suggestion(expr.id, [*known, *names()])
    )
    return error("V0201", f"nothing here is called `{expr.id}`", expr.span, help=help)


def otherwise(name: str) -> str:
    """What to write for an op that has an operator, or another function, instead of a name."""
    op = ops.get(name) if name in ops.names() else None
    if op is None or op.spoken or op.internal:
        return ""
    if op.function:
        return f"write `{op.function}({', '.join(op.inputs)}{', axis = -1' if op.params else ''})`"
    space = " " if op.operator.isalpha() else ""
    return f"write `{f' {op.operator} '.join(op.inputs) if len(op.inputs) > 1 else f'{op.operator}{space}x'}`"


def call_op(name: str, scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """Given tensors an op runs, given attributes alone it is a block value to bind."""
    op = ops.get(name)
    if name in numbers.UNARY and len(args) == 1 and not isinstance(args[0][0], Tensor) and not kwargs:
        return _of_number(name, scope, args[0], span)
    operands, rest, named = _operands(name, scope, args, kwargs, span)
    if len(operands) == 1 and op.owns_weights:
        _needs_a_name(name, scope, operands[0], named, span)
    else:
        _by_position(name, scope, rest, named)
    params = [p for p in op.params if p.name not in named]
    if len(rest) > len(params):
        takes = (
            f"{len(params)} attribute{'' if len(params) == 1 else 's'} after its tensors" if params else "tensors alone"
        )
        first = isinstance(rest[0][0], str) and not operands
        help = f"the tensors come first: `{name}({', '.join(op.inputs)}, {rest[0][1].text})`" if first else ""
        scope.context.fail("V0311", f"{name} takes {takes}, not {len(rest)}", rest[len(params)][1], help=help)
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


def _missing(name: str, operands: list[Any]) -> list[str]:
    """The operands that an op can't do without and is not given."""
    return [slot for slot in ops.get(name).inputs[len(operands) :] if not slot.endswith(("?", "*"))]


def _needs_a_name(name: str, scope: Scope, x: Tensor, named: Kwargs, span: Span) -> None:
    """V0216 for an op with weights that is called on a tensor alone, unless its attributes leave it none."""
    missing = _missing(name, [x])
    if not missing:
        try:
            missing = list(ops.get(name).weights(x.type, attributes(scope, name, named, span)))
        except OpError:
            return  # said where the op is run
    if missing:
        help = f"write `NAME = {name}` above `forward` and `NAME(x)` in it"
        scope.context.fail("V0216", f"{name} has weights: bind it to a name", span, help=help)


def _by_position(name: str, scope: Scope, given: Args, named: Kwargs) -> None:
    """V0311 where a call gives an op more by position than it takes, with what the values would have meant."""
    op = ops.get(name)
    most = op.by_position
    if most is None or len(given) <= most:
        return
    texts = [place.text for _, place in given]
    first, value = op.params[0], given[most][0]
    if most == 0:
        takes = "its values by name alone"
        fits = isinstance(value, float) if first.kind == "float" else is_int(value)
        help = f"write `{first.name} = {texts[0]}`" if fits else f"for {first.name} write `{first.name} = …`"
        help = f"{name} finds its width itself; {help}"
    else:
        takes = f"one value by position, its width `{first.name}`"
        others = [p for p in op.params[1:] if p.name not in named]
        wanted = [p for p in others if p.default is REQUIRED]
        inputs_too = is_int(value) and len(given) > most + len(wanted)
        width, *rest = texts[1:] if inputs_too else texts
        rest = [f"{p.name} = {text}" for p, text in zip(others, rest, strict=False)]
        rest += [f"{key} = {place.text}" for key, (_, place) in named.items()]
        call = f"`{name}({', '.join([width, *rest])})`"
        help = f"input sizes are never written: {call}" if inputs_too else f"write {call}"
    message = f"`{name}({', '.join(texts)})`: {name} takes {takes}"
    scope.context.fail("V0311", message, given[most][1], help=help)


def _weighted(
    scope: Scope, name: str, operands: list[Any], given: dict[str, tuple[Any, Span]], span: Span
) -> dict[str, Any]:
    """The attributes; a function call with its own weight takes the sizes from there."""
    op = ops.get(name)
    missing = _missing(name, operands)
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
    op = ops.get(name)
    slots = [slot.rstrip("?*") for slot in op.inputs]
    operands: list[Any] = []
    rest = list(args)
    if any(i.endswith("*") for i in op.inputs):
        items = listed(rest[0][0]) if rest else None
        if items == []:
            scope.context.fail("V0308", f"{name} takes at least one tensor, this list is empty", rest[0][1])
        rest = rest[1:] if items is not None else rest
        operands = [number_or_tensor(scope, name, item, span) for item in items or []]
    numeric = len(slots) > 1 and not op.owns_weights and any(isinstance(v, Tensor) for v, _ in args)
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


def _of_number(name: str, scope: Scope, arg: tuple[Any, Span], span: Span) -> Any:
    value, place = arg
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        scope.context.fail("V0308", f"{name} takes a number or a tensor, not {describe(value)}", place)
    return numbers.unary(scope.context, name, value, span)
