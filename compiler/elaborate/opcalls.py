"""Calls of ops by their names: on tensors an op runs, on attributes alone it is a block value to bind."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from ...diagnostics.suggest import suggestion
from .. import ops
from ..ops.base import INIT, REQUIRED, OpError
from . import arithmetic
from .arguments import Call
from .nodes import ALIASES, Operand, attribute, attributes, called, emit_all
from .scopes import named
from .values import Given, OpValue, Tensor, Value, describe, is_int, is_number, listed


class _Split(NamedTuple):
    """The arguments of a call: tensors and what stands for them, further values by position, attributes by name."""

    operands: list[Operand]
    rest: list[Given]
    named: dict[str, Given]


def call_op(call: Call) -> Value:
    """Runs an op on tensors, or gives the block value of an op with these attributes."""
    op, scope = ops.get(call.name), call.scope
    if call.name in arithmetic.UNARY and len(call.args) == 1 and not call.kwargs:
        value, place = call.args[0]
        if not isinstance(value, Tensor):
            if not is_number(value):
                call.fail("V0308", f"{call.name} takes a number or a tensor, not {describe(value)}", place)
            return arithmetic.unary(scope.context, call.name, value, call.span)
    operands, rest, by_name = _split(call)
    first = operands[0] if operands else None
    if len(operands) == 1 and op.owns_weights and isinstance(first, Tensor):
        _needs_a_name(call, first, by_name)
    else:
        _by_position(call, rest, by_name)
    params = [p for p in op.params if p.name not in by_name]
    if len(rest) > len(params):
        count = f"{len(params)} attribute{'' if len(params) == 1 else 's'}"
        takes = f"{count} after its tensors" if params else "tensors alone"
        text_first = isinstance(rest[0][0], str) and not operands
        help = f"the tensors come first: `{op.name}({', '.join(op.inputs)}, {rest[0][1].text})`" if text_first else ""
        extra, at = rest[len(params)]
        got = describe(extra) if not params else f"{len(rest)}"
        call.fail("V0311", f"{op.name} takes {takes}, not {got}", at, help=help)
    given = by_name | {p.name: item for p, item in zip(params, rest, strict=False)}
    settable = [*op.params, *([INIT] if op.owns_weights and not operands else [])]
    known = [p.name for p in settable]
    for key, (_, place) in given.items():
        if key not in known:
            help = suggestion(key, map(called, known))
            call.fail("V0202", f"{op.name} has no attribute `{key}`", named(place), help=help)
    if not operands and op.inputs:
        return OpValue(op.name, {
            p.name: (attribute(scope.context, p, *given[p.name]), given[p.name][1]) for p in settable if p.name in given
        }, call.span)  # fmt: skip
    return emit_all(scope, op.name, operands, _weighted(call, operands, given), call.span)


def _split(call: Call) -> _Split:
    """Tensors by position and by name, then what is left for attributes."""
    op = ops.get(call.name)
    slots = [slot.rstrip("?*") for slot in op.inputs]
    operands: list[Operand] = []
    rest = list(call.args)
    if any(i.endswith("*") for i in op.inputs):
        items = listed(rest[0][0]) if rest else None
        if items == []:
            call.fail("V0308", f"{op.name} takes at least one tensor, this list is empty", rest[0][1])
        if rest and isinstance(rest[0][0], Tensor):
            given = ", ".join(place.text for value, place in rest if isinstance(value, Tensor))
            message = f"{op.name} takes a list of tensors"
            call.fail("V0308", message, rest[0][1], help=f"write `{op.name}([{given}])`")
        rest = rest[1:] if items is not None else rest
        operands = [call.operand(item) for item in items or []]
    numeric = len(slots) > 1 and not op.owns_weights and any(isinstance(v, Tensor) for v, _ in call.args)
    while rest and len(operands) < len(slots):
        value = rest[0][0]
        if not isinstance(value, Tensor) and not (numeric and isinstance(value, (int, float))):
            break
        operands.append(value)
        del rest[0]
    own = {param.name for param in op.params}
    by_name = {key if key in own else ALIASES.get(key, key): value for key, value in call.kwargs.items()}
    for slot in slots[len(operands) :]:
        value = by_name[slot][0] if slot in by_name else None
        if isinstance(value, Tensor):
            operands.append(value)
            del by_name[slot]
    return _Split(operands, rest, by_name)


def _missing(name: str, operands: list[Operand]) -> list[str]:
    """The operands that an op can't do without and is not given."""
    return [slot for slot in ops.get(name).inputs[len(operands) :] if not slot.endswith(("?", "*"))]


def _needs_a_name(call: Call, x: Tensor, by_name: Mapping[str, Given]) -> None:
    """V0216 for an op with weights that is called on a tensor alone, unless its attributes leave it none."""
    name = call.name
    missing = _missing(name, [x])
    if not missing:
        try:
            missing = list(ops.get(name).weights(x.type, attributes(call.scope, name, by_name, call.span)))
        except OpError:
            return  # said where the op is run
    if missing:
        help = f"write `NAME = {name}` above `forward` and `NAME(x)` in it"
        call.fail("V0216", f"{name} has weights: bind it to a name", help=help)


def _by_position(call: Call, given: list[Given], by_name: Mapping[str, Given]) -> None:
    """V0311 where a call gives an op more by position than it takes, with what the values would have meant."""
    name, op = call.name, ops.get(call.name)
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
        others = [p for p in op.params[1:] if p.name not in by_name]
        wanted = [p for p in others if p.default is REQUIRED]
        inputs_too = is_int(value) and len(given) > most + len(wanted)
        width, *rest = texts[1:] if inputs_too else texts
        rest = [f"{p.name} = {text}" for p, text in zip(others, rest, strict=False)]
        rest += [f"{key} = {place.text}" for key, (_, place) in by_name.items()]
        right = f"`{name}({', '.join([width, *rest])})`"
        help = f"input sizes are never written: {right}" if inputs_too else f"write {right}"
    call.fail("V0311", f"`{name}({', '.join(texts)})`: {name} takes {takes}", given[most][1], help=help)


def _weighted(call: Call, operands: list[Operand], given: dict[str, Given]) -> dict[str, Value]:
    """The attributes; a function call with its own weight takes the sizes from there."""
    name, op = call.name, ops.get(call.name)
    missing = _missing(name, operands)
    if missing:
        call.fail("V0301", f"{name} needs `{missing[0]}`", help=f"it takes {', '.join(op.inputs)}")
    own = {p.name for p in op.params}
    if "weight" in op.inputs and "out" in own and "out" not in given:
        weight = operands[1]
        shape = list(weight.type.shape) if isinstance(weight, Tensor) else list[int]()
        if len(shape) < (4 if "kernel" in own else 2):
            call.fail("V0402", f"the weight of {name} has other axes than {shape}")
        given = {**given, "out": (shape[0], call.span)}
        if "kernel" in own:
            given = {**given, "kernel": (list[Value](shape[-2:]), call.span)}
        given.setdefault("bias", (len(operands) > 2, call.span))
    return attributes(call.scope, name, given, call.span)


def call_as(call: Call, op: str) -> Value:
    """The same arguments to an op of another name."""
    return call_op(replace(call, name=op))
