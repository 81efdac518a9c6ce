"""`weight`, `state` and the distributions they start from."""

from collections.abc import Mapping
from typing import Any

from ....diagnostics.source import Span
from ... import ops
from ...ir.builder import Builder
from ...ir.graph import Graph, Node
from ...ir.program import Draw, Table, WeightSpec
from ...ops.base import Param
from ..scopes import Scope
from ..tensors import attribute, attributes, emit
from ..values import Builtin, OpValue, Tensor, WeightValue, describe
from .arguments import Args, Kwargs, sizes_of, take

#: Normal draws stay below 40 standard deviations, and so within float32.
LARGEST_STD = 1e36


def weight_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> WeightValue:
    """`weight(shape, init = 0.0)`."""
    shape, init = take(scope, args, kwargs, span, "shape", "init", optional=1)
    sizes = sizes_of(scope, shape, span)
    return WeightValue(WeightSpec(sizes, initialiser(scope, init, sizes, span)), span)


def state_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> WeightValue:
    """`state(shape, init = 0.0)`: saved, loaded, not trained; of the initialiser's type."""
    shape, init = take(scope, args, kwargs, span, "shape", "init", optional=1)
    dtype = init.type.dtype if isinstance(init, Tensor) else "int" if isinstance(init, int) else "float"
    sizes = sizes_of(scope, shape, span)
    return WeightValue(WeightSpec(sizes, initialiser(scope, init, sizes, span, trainable=False), False, dtype), span)


def initialiser(scope: Scope, value: Any, shape: tuple[int, ...], span: Span, *, trainable: bool = True) -> Any:
    """What a weight of this shape starts from; fails with V0304, V0313 or V0403. A state may be infinite: the limits of a
    clamp that has none."""
    if value is None:
        return 0.0
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(attribute(scope.context, Param("init", "float" if trainable else "scalar"), value, span))
    if isinstance(value, Builtin) and value.name in ("zeros", "ones"):
        return float(value.name == "ones")
    if isinstance(value, OpValue) and value.op in ("normal", "trunc_normal", "uniform"):
        names = [p.name for p in ops.get(value.op).params if p.name != "shape"]
        return Draw(value.op, tuple(float(value.attrs[n][0]) for n in names))
    if isinstance(value, Tensor) and value.type.stage == "const":
        if value.type.rank > len(shape) or any(
            n not in (1, size) for n, size in zip(reversed(value.type.shape), reversed(shape), strict=False)
        ):
            scope.context.fail("V0403", f"a weight {list(shape)} can't start from {describe(value)}", span)
        return Table(_table(scope.builder, value))
    return scope.context.fail(
        "V0313", f"an initialiser is a number, a distribution or a computed tensor, not {describe(value)}", span
    )


def _table(builder: Builder, value: Tensor) -> Graph:
    """The graph of the constant alone."""
    needed, nodes = {value.value}, list[Node]()
    for node in reversed(builder.nodes):
        if any(out in needed for out in node.outputs):
            nodes.append(node)
            needed.update(node.inputs)
    return Graph((), tuple(reversed(nodes)), (value.value,))


def _draw(kind: str, scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """A distribution; with a shape, numbers drawn from it."""
    params = ops.get(kind).params
    names = [p.name for p in params if p.name != "shape"]
    given = dict(zip([*names, "shape"], args, strict=False)) | kwargs
    for name in names:
        if name not in given:
            scope.context.fail("V0301", f"{kind} needs `{name}`", span)
    if "shape" not in given:
        checked = {p.name: (attribute(scope.context, p, *given[p.name]), span) for p in params if p.name in given}
        _ordered(scope, {name: value for name, (value, _) in checked.items()}, given)
        return OpValue(kind, checked, span)
    attrs = attributes(scope, kind, given, span)
    _ordered(scope, attrs, given)
    return emit(scope, kind, (), attrs, span)


def _ordered(scope: Scope, attrs: Mapping[str, Any], given: Mapping[str, tuple[Any, Span]]) -> None:
    """Fails with V0304 for bounds in the wrong order, and for a spread whose draws would leave float32."""
    if "low" in attrs and attrs["low"] > attrs["high"]:
        scope.context.fail("V0304", f"`high` must be at least `low`, {attrs['low']:g}", given["high"][1],
                           label=f"this is {attrs['high']:g}")  # fmt: skip
    if attrs.get("std", 0) > LARGEST_STD:
        scope.context.fail("V0304", f"`std` must be at most {LARGEST_STD:g}", given["std"][1],
                           label=f"this is {attrs['std']:g}")  # fmt: skip


def normal_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`normal(std)`, or numbers drawn: `normal(std, shape)`."""
    return _draw("normal", scope, args, kwargs, span)


def trunc_normal_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`trunc_normal(std)`: cut at two standard deviations."""
    return _draw("trunc_normal", scope, args, kwargs, span)


def uniform_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`uniform(low, high)`."""
    return _draw("uniform", scope, args, kwargs, span)


def share_(scope: Scope, args: Args, kwargs: Kwargs, span: Span) -> Any:
    """`share(name)`: a layer of this block under a second name. Calls read its argument as a name, not as a value."""
    scope.context.fail("V0217", "`share` takes the name of a layer that this block binds", span)


FUNCTIONS = {
    "share": share_,
    "weight": weight_,
    "state": state_,
    "normal": normal_,
    "trunc_normal": trunc_normal_,
    "uniform": uniform_,
}
