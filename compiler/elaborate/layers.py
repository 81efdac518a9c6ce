"""Calling layers, one or a list of them, and running a block's `forward`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...grammar import tree
from ...grammar.source import Span
from ...grammar.suggest import suggestion
from .. import ops
from ..ir.graph import Origin, Value
from ..ir.program import Layer
from ..ir.types import TensorType
from ..ops.base import OpError
from . import shapes
from .blocks import Elaborated, Hole, Instance, LayerSlot, ListSlot
from .scopes import Scope
from .tensors import attributes, emit
from .values import BlockValue, OpValue, Tensor, key

Args = Sequence[tuple[Any, Span]]
Kwargs = Mapping[str, tuple[Any, Span]]


def call_layer(slot: LayerSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """A bound layer on tensors."""
    if isinstance(slot.value, OpValue):
        return call_op_layer(slot, slot.value, args, kwargs, scope, span)
    done = run(slot.value, slot.path, args, kwargs, scope, span)
    variant = _variant(slot, done)
    tensors = _tensors([value for value, _ in args] + [v for v, _ in kwargs.values()])
    inputs = _ordered(slot.value, args, kwargs, tensors)
    attrs = {"layer": slot.path, "variant": variant}
    outs = scope.builder.add(
        "call", inputs, [inner_type(t) for t in done.types], attrs, layer=slot.path, origin=Origin(span)
    )
    return fill(done.results, [Tensor(value) for value in outs])


def _variant(slot: LayerSlot, done: Elaborated) -> int:
    """Which body of the layer this call runs."""
    layers = list(dict.fromkeys(call.layer for call in slot.calls))
    slot.calls.append(done)
    if done.layer in layers:
        return layers.index(done.layer)
    return len(layers)


def call_op_layer(slot: LayerSlot, value: OpValue, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """An op bound to a name: its weights take their sizes from the first call."""
    if kwargs or not args or not isinstance(args[0][0], Tensor):
        scope.context.fail("V0404", f"`{slot.path}` takes a tensor", span)
    op = ops.get(value.op)
    attrs = attributes(scope, value.op, value.attrs, value.span)
    try:
        specs = op.weights(args[0][0].type, attrs)
    except OpError as problem:
        scope.context.fail("V0401", f"{value.op}: {problem.message}", span, help=problem.help)
    if slot.op_layer is None:
        slot.op_layer = Layer(value.op, True, {}, {}, specs, attrs, span=value.span)
    elif dict(slot.op_layer.weights) != dict(specs):
        old = next(iter(slot.op_layer.weights.values())).shape
        new = next(iter(specs.values())).shape
        scope.context.fail(
            "V0406",
            f"`{slot.path}` was first called on other sizes: its weight is {list(old)}, here it would be {list(new)}",
            span,
        )
    names = [name.rstrip("?") for name in op.inputs[1:]]
    owner = slot.instance
    weights = [owner.weight(f"{slot.path}.{n}", specs[n], span) for n in names if n in specs]
    return emit(scope, value.op, [args[0][0], *weights], attrs, span, layer=slot.path if specs else "")


def call_list(slot: ListSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """Members in order: the results of one replace the first arguments of the next, further arguments go to each."""
    if (
        slot.members
        and all(isinstance(m, LayerSlot) and isinstance(m.value, BlockValue) for m in slot.members)
        and not kwargs
    ):
        return _call_blocks(slot, args, scope, span)
    current = list(args)
    result: Any = args[0][0] if args else None
    for member in slot.members:
        result = call_member(member, current, kwargs, scope, span)
        results = result if isinstance(result, tuple) else (result,)  # type: ignore[reportUnknownVariableType]
        current[: len(results)] = [(value, span) for value in results]  # type: ignore[reportUnknownArgumentType,reportUnknownVariableType]
    return result


def call_member(member: Any, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """One member of a list, whatever it is."""
    from .calls import apply

    return apply(member, args, kwargs, scope, span)


def _call_blocks(slot: ListSlot, args: Args, scope: Scope, span: Span) -> Any:
    """A list of blocks is one node, whatever its length."""
    current = list(args)
    first = _tensors([value for value, _ in args])
    variants: list[int] = []
    done: Elaborated | None = None
    for member in slot.members:
        done = run(member.value, member.path, current, {}, scope, span)
        variants.append(_variant(member, done))
        results = done.results if isinstance(done.results, tuple) else (done.results,)  # type: ignore[reportUnknownVariableType]
        placeholders = [Tensor(Value(t)) for t in done.types]
        filled = fill(tuple(results), placeholders)  # type: ignore[reportUnknownArgumentType]
        current[: len(filled)] = [(value, span) for value in filled]
    assert done is not None
    attrs = {"layer": slot.path, "variant": tuple(variants)}
    inputs = [t.value for t in first]
    outs = scope.builder.add(
        "call", inputs, [inner_type(t) for t in done.types], attrs, layer=slot.path, origin=Origin(span)
    )
    return fill(done.results, [Tensor(value) for value in outs])


def _tensors(values: Sequence[Any]) -> list[Tensor]:
    """The tensors in values and in lists of them, in order."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += _tensors(list(value))  # type: ignore[reportUnknownArgumentType]
    return found


def _ordered(value: BlockValue, args: Args, kwargs: Kwargs, tensors: list[Tensor]) -> list[Any]:
    """The tensors of a call in the order of the parameters of `forward`."""
    names = [p.name.id for p in value.definition.forward.params]
    given = dict(zip(names, (v for v, _ in args), strict=False)) | {n: v for n, (v, _) in kwargs.items()}
    return [t.value for t in _tensors([given[name] for name in names if name in given])]


def fill(template: Any, tensors: Sequence[Tensor]) -> Any:
    """Results with tensors in their holes."""
    if isinstance(template, Hole):
        return tensors[template.index]
    if isinstance(template, (list, tuple)):
        return type(template)(fill(item, tensors) for item in template)  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return template


def _dig(value: Any, found: list[Tensor]) -> Any:
    """Results with holes for tensors, which are collected."""
    if isinstance(value, Tensor):
        found.append(value)
        return Hole(len(found) - 1)
    if isinstance(value, (list, tuple)):
        return type(value)(_dig(item, found) for item in value)  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return value


def _type_key(value: Any) -> Any:
    if isinstance(value, Tensor):
        return ("tensor", inner_type(value.type))
    if isinstance(value, (list, tuple)):
        return tuple(_type_key(item) for item in value)  # type: ignore[reportUnknownVariableType]
    return key(value)


def inner_type(type: TensorType) -> TensorType:
    """A constant handed to a layer is an argument there like a shared tensor."""
    return TensorType(type.shape, type.dtype, "shared") if type.stage == "const" else type


def run(value: BlockValue, path: str, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Elaborated:
    """Elaborates a block on arguments, or finds it done."""
    context = scope.context
    at = (
        key(value),
        tuple(_type_key(v) for v, _ in args),
        tuple((n, _type_key(v)) for n, (v, _) in kwargs.items()),
        context.training,
    )
    found = context.memo.get(at)
    if found is not None:
        return found[0]
    with context.deeper(span), context.frame(path, value.name, span):
        instance = Instance(context, value)
        done = run_forward(instance, args, kwargs, span)
    context.memo[at] = (done, value, args, kwargs)  # what the key names by id stays alive
    return done


def run_forward(instance: Instance, args: Args, kwargs: Kwargs, span: Span) -> Elaborated:
    """Runs `forward` of a block whose parameters are known."""
    from . import statements

    context, forward = instance.context, instance.value.definition.forward
    scope = instance.scope()
    functions, context.functions = context.functions, []
    try:
        _arguments(instance, scope, forward, args, kwargs, span)
        statements.expectations(instance, scope)
        result, names = statements.execute(forward.body, scope, forward.span)
        result = shapes.results(forward.results, result, scope, forward)
    finally:
        context.functions = functions
    tensors: list[Tensor] = []
    template = _dig(result, tensors)
    graph = instance.builder.graph([t.value for t in tensors], names)
    return Elaborated(instance.freeze(graph), template, tuple(t.type for t in tensors))


def _arguments(instance: Instance, scope: Scope, forward: tree.Forward, args: Args, kwargs: Kwargs, span: Span) -> None:
    """Binds the parameters of `forward`: tensors become inputs of the body, patterns name their sizes."""
    from .expressions import evaluate

    context, names = instance.context, [p.name.id for p in forward.params]
    if len(args) > len(names):
        context.fail("V0404", f"`{instance.value.name}` takes {len(names)} tensors, not {len(args)}", span)
    for name in kwargs:
        if name not in names:
            context.fail(
                "V0404", f"forward of `{instance.value.name}` has no `{name}`", span, help=suggestion(name, names)
            )
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    for param in forward.params:
        name = param.name.id
        if name in given:
            value = inputs(instance, given[name][0], name)
        elif param.default is not None:
            value = evaluate(param.default, scope)
        else:
            context.fail("V0404", f"`{instance.value.name}` is called without `{name}`", span)
        if isinstance(value, Tensor) and param.type is not None:
            shapes.bind_type(param.type, value, scope, name, span)
        scope.locals[name] = value


def inputs(instance: Instance, value: Any, name: str) -> Any:
    """An argument inside the block: tensors are inputs of its body."""
    if isinstance(value, Tensor):
        return Tensor(instance.builder.input(inner_type(value.type), name))
    if isinstance(value, (list, tuple)):
        return type(value)(inputs(instance, item, name) for item in value)  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return value
