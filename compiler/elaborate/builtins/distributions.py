"""`weight`, `state` and the distributions they start from."""

from collections.abc import Mapping

from ....diagnostics.source import Span
from ....diagnostics.suggest import suggestion
from ... import ops
from ...ir.numbers import as_float
from ...ir.program import Draw, Init, Table, WeightSpec
from ...ops.base import Param
from ..arguments import Call
from ..nodes import attribute, attributes
from ..scopes import Scope, named
from ..values import Builtin, Given, OpValue, Tensor, Value, WeightValue, describe, is_number

#: Normal draws stay below 40 standard deviations, and so within float32.
LARGEST_STD = 1e36


def weight_(call: Call) -> Value:
    """`weight(shape, init = 0.0)`."""
    shape, init = call.take("shape", "init", optional=1)
    sizes = call.shape(shape)
    return WeightValue(WeightSpec(sizes, initialiser(call.scope, init, sizes, call.span)), call.span)


def state_(call: Call) -> Value:
    """`state(shape, init = 0.0)`: saved, loaded, not trained; of the initialiser's type."""
    shape, init = call.take("shape", "init", optional=1)
    dtype = init.type.dtype if isinstance(init, Tensor) else "int" if isinstance(init, int) else "float"
    sizes = call.shape(shape)
    start = initialiser(call.scope, init, sizes, call.span, trainable=False)
    return WeightValue(WeightSpec(sizes, start, False, dtype), call.span)


def initialiser(scope: Scope, value: Value, shape: tuple[int, ...], span: Span, *, trainable: bool = True) -> Init:
    """What a weight of this shape starts from; fails with V0304, V0313 or V0403. A state may be infinite: the limits of a
    clamp that has none."""
    if value is None:
        return 0.0
    if is_number(value):
        attribute(scope.context, Param("init", "float" if trainable else "scalar"), value, span)
        return as_float(value)
    if isinstance(value, Builtin) and value.name in ("zeros", "ones"):
        return 1.0 if value.name == "ones" else 0.0
    if isinstance(value, OpValue) and value.op in ("normal", "trunc_normal", "uniform"):
        numbers = (value.attrs[p.name][0] for p in ops.get(value.op).params if p.name != "shape")
        return Draw(value.op, tuple(as_float(number) for number in numbers if is_number(number)))
    if isinstance(value, Tensor) and value.type.stage == "const":
        if value.type.rank > len(shape) or any(
            n not in (1, size) for n, size in zip(reversed(value.type.shape), reversed(shape), strict=False)
        ):
            scope.context.fail("V0403", f"a weight {list(shape)} can't start from {describe(value)}", span)
        return Table(scope.builder.alone(value.value))
    return scope.context.fail(
        "V0313", f"an initialiser is a number, a distribution or a computed tensor, not {describe(value)}", span
    )


def normal_(call: Call) -> Value:
    """`normal(std)`, or numbers drawn: `normal(std, shape)`."""
    return _draw(call)


def trunc_normal_(call: Call) -> Value:
    """`trunc_normal(std)`: cut at two standard deviations."""
    return _draw(call)


def uniform_(call: Call) -> Value:
    """`uniform(low, high)`."""
    return _draw(call)


def _draw(call: Call) -> Value:
    """A distribution; with a shape, numbers drawn from it."""
    params = ops.get(call.name).params
    names = [p.name for p in params if p.name != "shape"]
    given = dict(zip([*names, "shape"], call.args, strict=False)) | dict(call.kwargs)
    if len(call.args) > len(params):
        call.fail("V0311", f"{call.name} takes {', '.join(names)} and a shape", call.args[len(params)][1])
    for name in call.kwargs:
        if name not in (*names, "shape"):
            help = suggestion(name, (*names, "shape"))
            call.fail("V0202", f"{call.name} has no attribute `{name}`", named(call.kwargs[name][1]), help=help)
    for name in names:
        if name not in given:
            call.fail("V0301", f"{call.name} needs `{name}`")
    if "shape" in given:
        attrs = attributes(call.scope, call.name, given, call.span)
        _ordered(call, attrs, given)
        return call.emit(call.name, (), attrs)
    attrs = {p.name: attribute(call.scope.context, p, *given[p.name]) for p in params if p.name in given}
    _ordered(call, attrs, given)
    return OpValue(call.name, {name: (value, call.span) for name, value in attrs.items()}, call.span)


def _ordered(call: Call, attrs: Mapping[str, Value], given: Mapping[str, Given]) -> None:
    """Fails with V0304 for bounds in the wrong order, and for a spread whose draws would leave float32."""
    numbers = {name: value for name, value in attrs.items() if is_number(value)}
    if "low" in numbers and numbers["low"] > numbers["high"]:
        call.fail("V0304", f"`high` must be at least `low`, {numbers['low']:g}", given["high"][1],
                  label=f"this is {numbers['high']:g}", about=numbers["high"])  # fmt: skip
    if numbers.get("std", 0) > LARGEST_STD:
        call.fail("V0304", f"`std` must be at most {LARGEST_STD:g}", given["std"][1],
                  label=f"this is {numbers['std']:g}", about=numbers["std"])  # fmt: skip


def share_(call: Call) -> Value:
    """`share(name)`: a layer of this block under a second name. Calls read its argument as a name, not as a value."""
    call.fail("V0217", "`share` takes the name of a layer that this block binds")


FUNCTIONS = {
    "share": share_,
    "weight": weight_,
    "state": state_,
    "normal": normal_,
    "trunc_normal": trunc_normal_,
    "uniform": uniform_,
}
