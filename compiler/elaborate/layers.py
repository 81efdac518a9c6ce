"""Calling layers, one or a list of them, and running a block's `forward`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from .. import ops
from ..ir.graph import Origin, Value
from ..ir.program import Layer, WeightSpec
from ..ir.types import TensorType
from ..ops.base import OpError
from . import params, shapes
from .blame import plain
from .blocks import Instance
from .builtins.weights import initialiser
from .scopes import Scope
from .slots import Elaborated, Hole, LayerSlot, ListSlot
from .tensors import attributes, emit, numbers_in
from .values import BlockValue, OpValue, Tensor, key, listed

Args = Sequence[tuple[Any, Span]]
Kwargs = Mapping[str, tuple[Any, Span]]


def call_layer(slot: LayerSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """A bound layer on tensors."""
    slot.instance.called[slot.path.partition(".")[0]] = None
    slot.called = True
    if isinstance(slot.value, OpValue):
        return call_op_layer(slot, slot.value, args, kwargs, scope, span)
    done = run(slot.value, slot, args, kwargs, scope, span)
    variant = _variant(slot, done)
    tensors = _tensors([value for value, _ in args] + [v for v, _ in kwargs.values()])
    inputs = _ordered(slot.value, args, kwargs, tensors)
    attrs = {"layer": slot.path, "variant": variant}
    outs = scope.builder.add(
        "call", inputs, [inner_type(t) for t in done.types], attrs, layer=slot.path, origin=Origin(plain(span))
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
        scope.context.fail(
            "V0401", f"{value.op}: {problem.message}", span, help=problem.help, sizes=numbers_in(problem.message)
        )
    if "init" in value.attrs:
        specs = _drawn(scope, specs, *value.attrs["init"])
    if not specs:  # a norm without weights needs no layer to hold them
        return emit(scope, value.op, [args[0][0]], attrs, span)
    owner = slot.owner()
    if owner.op_layer is None:
        owner.op_layer = Layer(value.op, True, {}, {}, specs, attrs, span=plain(value.span))
    elif dict(owner.op_layer.weights) != dict(specs):
        old = next(iter(owner.op_layer.weights.values())).shape
        new = next(iter(specs.values())).shape
        scope.context.fail(
            "V0406",
            f"`{slot.path}` was first called on other sizes: its weight is {list(old)}, here it would be {list(new)}",
            span,
        )
    names = [name.rstrip("?") for name in op.inputs[1:]]
    here = slot.instance
    weights = [here.weight(f"{slot.path}.{n}", specs[n], span) for n in names if n in specs]
    return emit(scope, value.op, [args[0][0], *weights], attrs, span, layer=slot.path)


def _drawn(scope: Scope, specs: Mapping[str, WeightSpec], init: Any, span: Span) -> dict[str, WeightSpec]:
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


def call_list(slot: ListSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """Members in order: the results of one replace the first arguments of the next, further arguments go to each."""
    if (
        slot.path  # a slice of a list has no name of its own: its members are called one by one
        and slot.members
        and all(isinstance(m, LayerSlot) and isinstance(m.value, BlockValue) for m in slot.members)
        and not kwargs
    ):
        return _call_blocks(slot, args, scope, span)
    current = list(args)
    result: Any = args[0][0] if len(args) == 1 else tuple(value for value, _ in args)
    for member in slot.members:
        result = call_member(member, current, kwargs, scope, span)
        results = several(result)
        current[: len(results)] = [(value, span) for value in results]
    return result


def several(result: Any) -> list[Any]:
    """The results of a call: those of a tuple, else one."""
    return (listed(result) or []) if isinstance(result, tuple) else [result]


def call_member(member: Any, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """One member of a list, whatever it is."""
    from .calls import apply

    return apply(member, args, kwargs, scope, span)


def _call_blocks(slot: ListSlot, args: Args, scope: Scope, span: Span) -> Any:
    """A list of blocks is one node, whatever its length."""
    current = list(args)
    first = _tensors([value for value, _ in args])
    for member in slot.members:
        member.instance.called[member.path.partition(".")[0]] = None
        member.called = True
    variants: list[int] = []
    done: Elaborated | None = None
    for member in slot.members:
        done = run(member.value, member, current, {}, scope, span)
        variants.append(_variant(member, done))
        placeholders = [Tensor(Value(t)) for t in done.types]
        filled = several(fill(done.results, placeholders))
        current[: len(filled)] = [(value, span) for value in filled]
    assert done is not None
    attrs = {"layer": slot.path, "variant": tuple(variants)}
    inputs = [t.value for t in first]
    outs = scope.builder.add(
        "call", inputs, [inner_type(t) for t in done.types], attrs, layer=slot.path, origin=Origin(plain(span))
    )
    return fill(done.results, [Tensor(value) for value in outs])


def _tensors(values: Sequence[Any]) -> list[Tensor]:
    """The tensors in values and in lists of them, in order."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        else:
            found += _tensors(listed(value) or [])
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
    items = listed(template)
    return template if items is None else _like(template, [fill(item, tensors) for item in items])


def _like(value: Any, items: list[Any]) -> Any:
    """Items as the kind of sequence that another value is."""
    return tuple(items) if isinstance(value, tuple) else items


def _dig(value: Any, found: list[Tensor]) -> Any:
    """Results with holes for tensors, which are collected."""
    if isinstance(value, Tensor):
        found.append(value)
        return Hole(len(found) - 1)
    items = listed(value)
    return value if items is None else _like(value, [_dig(item, found) for item in items])


def _type_key(value: Any) -> Any:
    if isinstance(value, Tensor):
        return ("tensor", inner_type(value.type))
    items = listed(value)
    return key(value) if items is None else tuple(map(_type_key, items))


def inner_type(type: TensorType) -> TensorType:
    """A constant handed to a layer is an argument there like a shared tensor."""
    return TensorType(type.shape, type.dtype, "shared") if type.stage == "const" else type


def run(value: BlockValue, slot: LayerSlot, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Elaborated:
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
    with context.deeper(span), context.frame(slot.path, value.name, span, slot.span):
        instance = Instance(context, value)
        done = run_forward(instance, args, kwargs, span)
    context.memo[at] = (done, value, args, kwargs)  # what the key names by id stays alive
    return done


def run_forward(instance: Instance, args: Args, kwargs: Kwargs, span: Span) -> Elaborated:
    """Runs `forward` of a block whose parameters are known."""
    from . import statements

    forward = instance.value.definition.forward
    scope = instance.scope()
    _arguments(instance, scope, forward, args, kwargs, span)
    statements.expectations(instance, scope)
    result, names = statements.execute(forward.body, scope, forward.span)
    shapes.results(forward.results, result, scope)
    tensors: list[Tensor] = []
    template = _dig(result, tensors)
    instance.tell_unread()
    instance.tell_uncalled()
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
            value, place = inputs(instance, given[name][0], name), given[name][1]
        elif param.default is not None:
            value, place = evaluate(param.default, scope, params.words(param.type)), param.default.span
        else:
            context.fail("V0404", f"`{instance.value.name}` is called without `{name}`", span)
        value = params.check(context, param, value, place)
        if isinstance(value, Tensor) and param.type is not None:
            shapes.bind_type(param.type, value, scope, name, span)
        scope.let(name, value)


def inputs(instance: Instance, value: Any, name: str) -> Any:
    """An argument inside the block: tensors are inputs of its body."""
    if isinstance(value, Tensor):
        return Tensor(instance.builder.input(inner_type(value.type), name))
    items = listed(value)
    return value if items is None else _like(value, [inputs(instance, item, name) for item in items])
