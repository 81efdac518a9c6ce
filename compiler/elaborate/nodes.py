"""Writing ops into a body: ranks and stages are brought together here, and shapes inferred."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import NoReturn, TypeAlias

from ...diagnostics.source import Span
from .. import ops
from ..ir.graph import Attrs, Origin
from ..ir.numbers import as_float
from ..ir.types import LARGEST_FLOAT, TensorType
from ..ops.base import REQUIRED, OpError, Param
from .context import Context, plain
from .indices import within
from .scopes import Scope
from .values import Given, Shape, Tensor, Value, Word, describe, is_int, listed

#: Attributes that a text calls otherwise: its names, and those of the ops.
ALIASES = {"axis": "axes", "shift": "shifts"}
_CALLED = {ours: name for name, ours in ALIASES.items()}
#: What an op takes as an operand: a number becomes a tensor without axes.
Operand: TypeAlias = Tensor | int | float


def number(scope: Scope, value: float | bool, span: Span) -> Tensor:
    """A number as a tensor without axes."""
    dtype = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "float"
    type = TensorType((), dtype, "const")
    (out,) = scope.builder.add("number", (), (type,), {"value": value, "dtype": dtype}, origin=_origin(scope, span))
    return Tensor(out)


def emit(scope: Scope, op: str, operands: Sequence[Operand], attrs: Attrs, span: Span, layer: str = "") -> Tensor:
    """A node of one output; fails with V0401 where operands and attributes do not fit."""
    (out,) = outputs(scope, op, operands, attrs, span, layer)
    return out


def emit_all(scope: Scope, op: str, operands: Sequence[Operand], attrs: Attrs, span: Span) -> Value:
    """A node whose op may give several tensors: these as a list, one as itself."""
    found = outputs(scope, op, operands, attrs, span)
    return list[Value](found) if len(found) > 1 or ops.get(op).several else found[0]


def outputs(scope: Scope, op: str, operands: Sequence[Operand], attrs: Attrs, span: Span, layer: str = ""
            ) -> list[Tensor]:  # fmt: skip
    """A node, its operands brought to the ranks and stages that the op wants."""
    context = scope.context
    context.step(span)
    definition = ops.get(op)
    if any(isinstance(x, Tensor) and x.type.stage != "const" for x in operands):
        for x in operands:
            _within_float32(context, "a number that meets a tensor", x, span)
    tensors = [x if isinstance(x, Tensor) else number(scope, x, span) for x in operands]
    if definition.aligns and len({t.type.rank for t in tensors}) > 1:
        _tell_rank(scope, tensors, span)
        tensors = _ranks(scope, tensors, span)
    if definition.per_sample and tensors[-1].type.stage == "sample":
        op, definition = definition.per_sample, ops.get(definition.per_sample)
    if definition.one_stage:
        tensors = _stages(scope, tensors, span)
    if context.empty:
        tensors = _filled(scope, op, tensors, attrs, span)
    if definition.joins and len(tensors) == 1 < len(operands):
        return tensors
    try:
        outs = definition.infer(tuple(t.type for t in tensors), attrs)
    except OpError as problem:
        refused(scope, op, problem, attrs, span)
    for out in outs:
        context.sized(out, span)
    if definition.picks and tensors[-1].type.stage == "const":
        axis: int = attrs["axis"]
        within(scope, tensors[-1].value, tensors[0].type.shape[axis], span)
    values = scope.builder.add(op, [t.value for t in tensors], outs, attrs, layer=layer, origin=_origin(scope, span))
    return [Tensor(value) for value in values]


def refused(scope: Scope, op: str, problem: OpError, attrs: Attrs, span: Span) -> NoReturn:
    """V0401 for what an op says of its operands or attributes; the numbers tell which settings disagree."""
    wrong: Value = attrs.get(problem.about)
    numbers = [item for item in listed(wrong) or [wrong] if isinstance(item, int)]
    sizes = (*numbers, *problem.sizes)
    scope.context.fail("V0401", f"{op}: {problem.message}", span, help=problem.help, sizes=sizes)


def _filled(scope: Scope, op: str, tensors: list[Tensor], attrs: Attrs, span: Span) -> list[Tensor]:
    """Operands that have elements: an empty slice can be joined to others, and nothing else (V0310)."""
    empty = [t for t in tensors if 0 in t.type.shape]
    if not empty:
        return tensors
    axis: int = attrs.get("axis", -1)
    if ops.get(op).joins and len(empty) < len(tensors) and all(t.type.shape[axis] == 0 for t in empty):
        return [t for t in tensors if t not in empty]
    return scope.context.fail("V0310", f"a tensor {list(empty[0].type.shape)} has no elements", span,
                              help="an empty slice can only be joined to others, by `concat`")  # fmt: skip


def _origin(scope: Scope, span: Span) -> Origin:
    return Origin(plain(span), tuple(scope.context.functions))


def _tell_rank(scope: Scope, tensors: Sequence[Tensor], span: Span) -> None:
    """Warns where a shared operand has more axes than the tensor of each sample: `x + pos` with `pos: [1, N, D]`."""
    rank = max((t.type.rank for t in tensors if t.type.stage == "sample"), default=0)
    wide = next((t for t in tensors if t.type.stage != "sample" and t.type.rank > rank), None)
    if rank and wide is not None:
        more = "one axis" if wide.type.rank == rank + 1 else f"{wide.type.rank - rank} axes"
        message = f"{list(wide.type.shape)} has {more} more than the tensor, which has {rank}; so has the result"
        help = "write `[0]` behind it to drop its first axis" if wide.type.shape[0] == 1 else ""
        scope.context.warn("V0417", message, span, help=help)


def _ranks(scope: Scope, tensors: list[Tensor], span: Span) -> list[Tensor]:
    """Written axes align from the right: a sample operand of lower rank gets axes after its batch axis."""
    if all(t.type.stage != "sample" for t in tensors):
        return tensors
    rank = max(t.type.rank for t in tensors)
    result: list[Tensor] = []
    for tensor in tensors:
        wide = tensor
        while wide.type.stage == "sample" and wide.type.rank < rank:
            wide = emit(scope, "unsqueeze", (wide,), {"axis": -wide.type.rank - 1}, span)
        result.append(wide)
    return result


def _stages(scope: Scope, tensors: list[Tensor], span: Span) -> list[Tensor]:
    """Where one operand is there for each sample, the others are repeated for each."""
    like = next((t for t in tensors if t.type.stage == "sample"), None)
    if like is None:
        return tensors
    return [t if t.type.stage == "sample" else emit(scope, "to_batch", (t, like), {}, span) for t in tensors]


def attribute(context: Context, param: Param, value: Value, span: Span) -> Value:
    """A value of the text as an op wants it; fails with V0303 at the value."""
    good, result = _coerced(param, value)
    if not good:
        wanted = " or ".join(param.choices) if param.choices else _WANTED[param.kind]
        context.fail("V0303", f"`{called(param.name)}` is {wanted}, not {describe(value)}", span, about=value)
    for one in listed(result) or [result]:
        if isinstance(one, (int, float)) and (bound := _broken(param, one)):
            context.fail(
                "V0304", f"`{param.name}` must be {bound}", span, label=f"this is {describe(value)}", about=one
            )
    if param.kind == "float" and isinstance(result, float) and not isfinite(result):
        context.fail("V0304", f"`{param.name}` must be finite", span, label=f"this is {describe(value)}", about=value)
    _within_float32(context, f"`{param.name}`", result, span)
    return result


def _broken(param: Param, value: float) -> str:
    """The bound that a number does not keep, or nothing."""
    if param.minimum is not None and value < param.minimum:
        return f"at least {param.minimum:g}"
    if param.maximum is not None and value > param.maximum:
        return f"at most {param.maximum:g}"
    return f"below {param.below:g}" if param.below is not None and value >= param.below else ""


def _within_float32(context: Context, what: str, value: Value, span: Span) -> None:
    """Refuses a finite number that float32 would turn into an infinity: V0304."""
    if isinstance(value, float) and isfinite(value) and abs(value) > LARGEST_FLOAT:
        context.fail("V0304", f"{what} must stay within float32, at most {LARGEST_FLOAT:.3g}", span,
                     label=f"this is {describe(value)}", about=value)  # fmt: skip


def called(name: str) -> str:
    """What a text calls an attribute of an op."""
    return _CALLED.get(name, name)


def choices(param: Param) -> tuple[str, ...]:
    """The words that an attribute takes."""
    return ("float", "int", "bool") if param.kind == "dtype" else param.choices


_WANTED = {
    "int": "an integer", "float": "a number", "scalar": "a number", "bool": "true or false", "pair": "n or [h, w]",
    "ints": "a list of integers", "axis": "a negative integer: axes count from the right",
    "axes": "a negative integer or a list of them: axes count from the right", "pairs": "a list of [before, after]",
    "word": "a word", "text": "a text", "dtype": "float, int or bool",
}  # fmt: skip


def _coerced(param: Param, value: Value) -> tuple[bool, Value]:
    """Whether the value is of the kind, and what the op gets."""
    kind = param.kind
    if value is None:
        return param.default is None, None
    if kind == "init":
        return True, value
    if kind == "int":
        return is_int(value), value
    if kind in ("float", "scalar"):
        good = is_int(value) or isinstance(value, float)
        return good, as_float(value) if kind == "float" and isinstance(value, int) and good else value
    if kind == "bool":
        return isinstance(value, bool), value
    if kind == "axis":
        return is_int(value) and value < 0, value
    if kind in ("word", "dtype"):
        name = value.name if isinstance(value, Word) else value
        return name in choices(param), name
    if kind == "text":
        return isinstance(value, str), value
    return _listed(kind, value)


def _listed(kind: str, value: Value) -> tuple[bool, Value]:
    """Lists of integers, given as tuples; what was checked before comes as such."""
    if kind == "pair" and is_int(value):
        return True, (value, value)
    items = list(value.dims) if isinstance(value, Shape) else [value] if is_int(value) else listed(value)
    if items is None:
        return False, value
    if kind == "pairs":
        pairs = [listed(pair) for pair in items]
        good = all(pair is not None and len(pair) == 2 and all(map(is_int, pair)) for pair in pairs)
        return good, tuple(tuple(pair or ()) for pair in pairs)
    numbers = [item for item in items if is_int(item)]
    good = (
        len(numbers) == len(items)
        and (kind != "axes" or all(number < 0 for number in numbers))
        and (kind != "pair" or len(numbers) == 2)
    )
    return good, tuple(items)


def attributes(scope: Scope, op: str, given: Mapping[str, Given], span: Span) -> dict[str, Value]:
    """All attributes of an op from those given and the defaults; fails with V0301 for one that is missing."""
    result: dict[str, Value] = {}
    for param in ops.get(op).params:
        if param.name in given:
            result[param.name] = attribute(scope.context, param, *given[param.name])
        elif param.default is REQUIRED:
            name, call = called(param.name), span.text
            value = "-1" if param.kind in ("axis", "axes") else "…"
            help = f"write `{call[:-1]}, {name} = {value})`" if call.endswith(")") and len(call) < 60 else ""
            scope.context.fail("V0301", f"{ops.get(op).function or op} needs `{name}`", span, help=help)
        else:
            result[param.name] = param.default
    return result
