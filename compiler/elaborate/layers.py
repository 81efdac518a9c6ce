"""Calling layers, one or a list of them, and running a block's `forward`."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from ...diagnostics import Label
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from .. import ops
from ..ir import graph
from ..ir.graph import Origin
from ..ir.program import Layer, WeightSpec
from ..ir.types import TensorType
from ..ops.base import OpError
from . import borders, expectations, parameters, shape_patterns
from .blocks import Instance
from .builtins.distributions import initialiser
from .keys import key
from .nodes import attributes, emit, emit_all, refused
from .scopes import Args, Kwargs, Scope, plain
from .settings import tell_used
from .values import BlockValue, Elaborated, Hole, LayerSlot, ListSlot, OpValue, Tensor, Value, mapped


def call_layer(slot: LayerSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Value:
    """A bound layer on tensors."""
    _mark_called(slot)
    if isinstance(slot.value, OpValue):
        return _call_op_layer(slot, slot.value, args, kwargs, scope, span)
    done = _run(slot.value, slot, args, kwargs, scope, span)
    operands = _tensors(_by_name(slot.value, args, kwargs).values())
    return _call_node(slot.path, _record_call(slot, done), operands, done, scope, span)


def _mark_called(slot: LayerSlot) -> None:
    slot.instance.called[slot.path.partition(".")[0]] = None
    slot.called = True


def _record_call(slot: LayerSlot, done: Elaborated) -> int:
    """Adds a call to those of a layer; gives the number of the body that it runs."""
    layers = list(dict.fromkeys(call.layer for call in slot.calls))
    slot.calls.append(done)
    return layers.index(done.layer) if done.layer in layers else len(layers)


def _call_node(path: str, variant: int | tuple[int, ...], operands: Sequence[Tensor], done: Elaborated, scope: Scope,
               span: Span) -> Value:  # fmt: skip
    """The node that calls a layer or a list of layers, and what it gives."""
    attrs = {"layer": path, "variant": variant}
    types = [_inner_type(type) for type in done.types]
    origin = Origin(plain(span))
    outs = scope.builder.add("call", [t.value for t in operands], types, attrs, layer=path, origin=origin)
    return _filled(done.results, [Tensor(value) for value in outs])


# ---- ops bound to names ----------------------------------------------------------------------------------------------


def _call_op_layer(slot: LayerSlot, value: OpValue, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Value:
    """An op bound to a name: its weights take their sizes from the first call."""
    x = args[0][0] if args else None
    if kwargs or not isinstance(x, Tensor):
        help = f"`{slot.path}` is a layer here: `share({slot.path})` hands it over"
        scope.context.fail("V0404", f"`{slot.path}` takes a tensor", span, help="" if isinstance(x, Tensor) else help)
    op = ops.get(value.op)
    attrs = attributes(scope, value.op, value.attrs, value.span)
    tell_used(scope.context, value)
    try:
        specs = op.weights(x.type, attrs)
    except OpError as problem:
        refused(scope, value.op, problem, attrs, span)
    if "init" in value.attrs:
        specs = _drawn(scope, specs, *value.attrs["init"])
    if not specs:  # a norm without weights needs no layer to hold them
        return emit_all(scope, value.op, [x], attrs, span)
    owner = slot.owner()
    if owner.op_layer is None:
        owner.op_layer = Layer(value.op, True, {}, {}, specs, attrs, span=plain(value.span))
    elif dict(owner.op_layer.weights) != dict(specs):
        old = next(iter(owner.op_layer.weights.values())).shape
        new = next(iter(specs.values())).shape
        message = f"its weight is {list(old)}, here it would be {list(new)}"
        scope.context.fail("V0406", f"`{slot.path}` was first called on other sizes: {message}", span)
    names = [name.rstrip("?") for name in op.inputs[1:]]
    weights = [slot.instance.weight(f"{slot.path}.{n}", specs[n], span) for n in names if n in specs]
    return emit(scope, value.op, [x, *weights], attrs, span, layer=slot.path)


def _drawn(scope: Scope, specs: Mapping[str, WeightSpec], init: Value, span: Span) -> dict[str, WeightSpec]:
    """The weights of an op with the initialiser that its text gives; its biases then start at zero."""
    found: dict[str, WeightSpec] = {}
    for name, spec in specs.items():
        if name.startswith("weight"):
            found[name] = replace(spec, init=initialiser(scope, init, spec.shape, span), chosen=True)
        elif name.startswith("bias"):
            found[name] = replace(spec, init=0.0, chosen=True)
        else:
            found[name] = spec
    return found


# ---- lists -----------------------------------------------------------------------------------------------------------


def call_list(members: Sequence[Value], args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Value:
    """Members in order: the results of one replace the first arguments of the next, further arguments go to each."""
    current = list(args)
    result = args[0][0] if len(args) == 1 else tuple(value for value, _ in args)
    for member in members:
        result = scope.interpreter.call(member, current, kwargs, scope, span)
        _replace_first(current, result, span)
    return result


def call_layers(slot: ListSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Value:
    """A list of layers bound to a name. Where all are blocks it is one node, whatever its length."""
    blocks = [(m, m.value) for m in slot.members if isinstance(m, LayerSlot) and isinstance(m.value, BlockValue)]
    if kwargs or not blocks or len(blocks) < len(slot.members):
        return call_list(slot.members, args, kwargs, scope, span)
    current = list(args)
    for member, _ in blocks:
        _mark_called(member)
    variants: list[int] = []
    done: Elaborated | None = None
    for member, value in blocks:
        done = _run(value, member, current, {}, scope, span)
        variants.append(_record_call(member, done))
        _replace_first(current, _filled(done.results, [Tensor(graph.Value(t)) for t in done.types]), span)
    assert done is not None  # the list is not empty
    return _call_node(slot.path, tuple(variants), _tensors(value for value, _ in args), done, scope, span)


def _replace_first(args: list[tuple[Value, Span]], result: Value, span: Span) -> None:
    """Puts the results of a call in the place of the first arguments."""
    results = result if isinstance(result, tuple) else (result,)
    args[: len(results)] = [(value, span) for value in results]


# ---- values that hold tensors ----------------------------------------------------------------------------------------


def _tensors(values: Iterable[Value]) -> list[Tensor]:
    """The tensors in values and in lists of them, in order."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += _tensors(value)
    return found


def _with_holes(value: Value, found: list[Tensor]) -> Value:
    """Results with holes for tensors, which are collected."""

    def take(one: Value) -> Value:
        if not isinstance(one, Tensor):
            return one
        found.append(one)
        return Hole(len(found) - 1)

    return mapped(value, take)


def _filled(results: Value, tensors: Sequence[Tensor]) -> Value:
    """Results with tensors in their holes."""
    return mapped(results, lambda one: tensors[one.index] if isinstance(one, Hole) else one)


def _argument(instance: Instance, value: Value, name: str, span: Span, path: str) -> Value:
    """An argument inside the block: tensors are inputs of its body, numbers are called by the argument."""
    if isinstance(value, Tensor):
        return Tensor(instance.builder.input(borders.argument(_inner_type(value.type), path, span), name))
    if isinstance(value, (list, tuple)):
        items = [_argument(instance, item, name, span, f"{path}.{i}") for i, item in enumerate(value)]
        return tuple(items) if isinstance(value, tuple) else items
    return borders.entered(value, path, span)


def _numbers(value: BlockValue, args: Args, kwargs: Kwargs) -> dict[str, float]:
    """What the caller calls the numbers of a block: settings, and the axes of arguments."""
    found = dict(borders.given(value.args))
    for name, one in _by_name(value, args, kwargs).items():
        found.update(borders.handed(one, name))
    return found


def _by_name(value: BlockValue, args: Args, kwargs: Kwargs) -> dict[str, Value]:
    """The arguments of `forward`, in the order of its parameters."""
    names = [param.name.id for param in value.definition.forward.params]
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    return {name: given[name][0] for name in names if name in given}


def _type_key(value: Value) -> Hashable:
    """What arguments of a block have in common that it runs alike on: types for tensors."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_type_key, value))
    return ("tensor", _inner_type(value.type)) if isinstance(value, Tensor) else key(value)


def _inner_type(type: TensorType) -> TensorType:
    """A constant handed to a layer is an argument there like a shared tensor."""
    return TensorType(type.shape, type.dtype, "shared") if type.stage == "const" else type


# ---- running a block -------------------------------------------------------------------------------------------------


def _run(value: BlockValue, slot: LayerSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Elaborated:
    """Elaborates a block on arguments, or finds it done."""
    context = scope.context
    types = tuple(_type_key(v) for v, _ in args), tuple((n, _type_key(v)) for n, (v, _) in kwargs.items())
    at = (key(value), types)
    context.ran.add(id(value.definition))
    found = context.made.get(at)
    if found is not None:
        tell_used(context, value)
        done = found[0]
    else:
        with context.deeper(span), context.frame(slot.path, value.name, span, slot.span):
            done = run_forward(Instance(scope.interpreter, value), args, kwargs, span)
        context.made[at] = done, (value, args, kwargs)
    return borders.left(done, _numbers(value, args, kwargs))


def run_forward(instance: Instance, args: Args, kwargs: Kwargs, span: Span) -> Elaborated:
    """Runs `forward` of a block whose parameters are known."""
    block, scope = instance.value.definition, instance.scope(instance.binds, instance.params)
    _bind_arguments(instance, scope, block.forward, args, kwargs, span)
    for entry in block.entries:
        if isinstance(entry, tree.Expect):
            expectations.expect(entry, scope)
    result, names = instance.interpreter.execute(block.forward.body, scope, block.forward.span)
    shape_patterns.results(block.forward.results, result, scope)
    tensors: list[Tensor] = []
    template = _with_holes(result, tensors)
    instance.tell_effects()
    body = instance.builder.graph([t.value for t in tensors], names)
    return Elaborated(instance.freeze(body), template, tuple(t.type for t in tensors))


def _bind_arguments(instance: Instance, scope: Scope, forward: tree.Forward, args: Args, kwargs: Kwargs, span: Span
                    ) -> None:  # fmt: skip
    """Binds the parameters of `forward`: tensors become inputs of the body, patterns name their sizes."""
    context, names = instance.context, [p.name.id for p in forward.params]
    if len(args) > len(names):
        takes = f"{len(names)} argument{'s' * (len(names) != 1)}"
        message = f"forward of `{instance.value.name}` takes {takes}, not {len(args)}"
        others = (Label(forward.span, "its signature"),) if context.own(forward.span) else ()
        context.fail("V0404", message, args[len(names)][1], others=others)
    for name in kwargs:
        if name not in names:
            message = f"forward of `{instance.value.name}` has no `{name}`"
            context.fail("V0404", message, span, help=suggestion(name, names))
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    for param in forward.params:
        name = param.name.id
        if name in given:
            value, place = given[name]
            parameters.bind(param, (_argument(instance, value, name, place, name), place), scope, span)
        elif param.default is not None:
            parameters.bind(param, None, scope, span)
        else:
            context.fail("V0404", f"`{instance.value.name}` is called without `{name}`", span)
