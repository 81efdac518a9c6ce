"""Calls: what stands before the bracket decides. Parameters are filled in, functions inlined, layers run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...diagnostics import Label
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from .. import ops
from . import blocks, layers, params, settings, shapes, slots
from .blame import named, place
from .context import Context
from .scopes import MISSING, Scope, Thunk
from .values import (
    BlockValue,
    Builtin,
    FunctionValue,
    Identity,
    OpValue,
    Parts,
    Setting,
    Shared,
    Tensor,
    Whole,
    describe,
    listed,
)

Args = list[tuple[Any, Span]]
Kwargs = dict[str, tuple[Any, Span]]


@dataclass(frozen=True, slots=True, eq=False)
class ModelValue:
    """A model's name in an expression: `base.dim` reads its parameter."""

    name: str
    thunks: Mapping[str, Thunk]

    def parameter(self, name: str, context: Context, span: Span) -> Any:
        """The value of a parameter of that model."""
        if name not in self.thunks:
            context.fail("V0202", f"model `{self.name}` has no `{name}`", span, help=suggestion(name, self.thunks))
        return self.thunks[name].get(context)


def call(expr: tree.Call, scope: Scope) -> Any:
    """The value of a call expression."""
    from .expressions import evaluate

    function = evaluate(expr.function, scope)
    if isinstance(function, Builtin) and function.name == "share":
        return _share(expr, scope)
    args: Args = []
    named_: list[Named] = []
    for position, arg in enumerate(expr.args):
        words = _expected(function, arg, position) if isinstance(arg.value, _WORDS) else ()
        value = evaluate(arg.value, scope, words)
        if not arg.path:
            if named_:
                scope.context.fail("V0311", "an argument by position stands before those by name", arg.span)
            args.append((value, place(arg.value, scope)))
        else:
            named_.append((arg.path, value, place(arg.value, scope, named=arg.path[-1].span)))
    at = place(expr.function, scope)
    if isinstance(function, BlockValue):
        return configure(function, args, named_, scope, at)
    kwargs = _by_name(function, named_, scope) if named_ else {}
    return apply(function, args, kwargs, scope, place(expr, scope, loose=True))


#: Expressions that may be a word.
_WORDS = (tree.Name, tree.List, tree.Conditional, tree.Match)
#: An argument by name or path, its value, and its place.
Named = tuple[tuple[tree.Name, ...], Any, Span]


def _by_name(function: Any, given: Sequence[Named], scope: Scope) -> Kwargs:
    """Arguments of what has no parts: each by a name alone."""
    kwargs: Kwargs = {}
    for (name, *parts), value, span in given:
        if parts:
            scope.context.fail("V0218", f"{describe(function)} takes arguments by name, not by path", parts[0].span,
                               help=f"give `{name.id}` whole: `{name.id} = ...`")  # fmt: skip
        if name.id in kwargs:
            scope.context.fail("V0204", f"`{name.id}` is given twice", name.span)
        kwargs[name.id] = (value, span)
    return kwargs


def _share(expr: tree.Call, scope: Scope) -> Any:
    """`share(name)`: the layer of that name, to be bound again or handed to another block."""
    named = expr.args[0].value if len(expr.args) == 1 and not expr.args[0].path else None
    slot = scope.layer(named.id) if isinstance(named, tree.Name) else MISSING
    if not isinstance(slot, slots.LayerSlot):
        scope.context.fail("V0217", "`share` takes the name of a layer that this block binds", expr.span)
    return slots.shared(slot)


def _expected(function: Any, arg: tree.Arg, position: int) -> tuple[str, ...]:
    """The words that an argument may be."""
    if isinstance(function, FunctionValue):
        declared = function.definition.params
        at = arg.path[-1].id if arg.path else ""
        found = next((p for p in declared if p.name.id == at), None) if arg.path else None
        if not arg.path and position < len(declared):
            found = declared[position]
        return params.words(found.type) if found else ()
    if isinstance(function, BlockValue) and not arg.path:
        free = [p for p in function.definition.params if not isinstance(function.args.get(p.name.id), Whole)]
        return params.words(free[position].type) if position < len(free) else ()
    target = function
    for name in arg.path[:-1]:
        target = settings.part(target, name.id)
    if isinstance(target, BlockValue) or target is settings.UNKNOWN:
        return settings.expected(target, arg.path[-1].id)
    op = target.op if isinstance(target, OpValue) else target.name if isinstance(target, Builtin) else ""
    if op in ops.names():
        at = arg.path[-1].id if arg.path else ""
        return tuple(
            c
            for p in ops.get(op).params
            if p.name == at
            for c in p.choices or (("float", "int", "bool") if p.kind == "dtype" else ())
        )
    return ()


def apply(
    function: Any, args: Sequence[tuple[Any, Span]], kwargs: Mapping[str, tuple[Any, Span]], scope: Scope, span: Span
) -> Any:
    """Calls a value on evaluated arguments."""
    match function:
        case Builtin():
            return function.run(scope, list(args), dict(kwargs), span)
        case OpValue():
            return _op_value(function, list(args), dict(kwargs), scope, span)
        case FunctionValue():
            return call_function(function, args, kwargs, scope, span)
        case slots.LayerSlot():
            return layers.call_layer(function, args, kwargs, scope, span)
        case slots.ListSlot():
            return layers.call_list(function, args, kwargs, scope, span)
        case Identity():
            return (args[0][0] if len(args) == 1 else tuple(value for value, _ in args)) if args else function
        case Shared():
            return scope.context.fail("V0216", "a shared layer runs when it is bound to a name", span)
        case BlockValue():
            given = [((tree.Name(named(at), name),), value, at) for name, (value, at) in kwargs.items()]
            return configure(function, args, given, scope, span)
        case list():
            return layers.call_list(slots.ListSlot("", function), args, kwargs, scope, span)  # type: ignore[reportUnknownArgumentType] -- any list
        case _:
            return scope.context.fail("V0312", f"{describe(function)} can't be called", span)


def _op_value(value: OpValue, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """An op partly configured: on tensors it runs, else it takes further attributes."""
    from .functions import call_op

    merged = {**value.attrs, **kwargs}
    return call_op(value.op, scope, args, merged, span)


def configure(value: BlockValue, args: Sequence[tuple[Any, Span]], given: Sequence[Named], scope: Scope, span: Span
              ) -> BlockValue:  # fmt: skip
    """Fills in parameters and bindings: by position the parameters not yet given, in their order; by name or path all
    that the block declares. Fails with V0202, V0204, V0302. `span` is where the block value stands.
    """
    context = scope.context
    declared, bindings = value.module.declared(value.definition)
    free = [name for name in declared if not isinstance(value.args.get(name), Whole)] if args else []
    if any(
        isinstance(v, Tensor) and v.type.stage != "const" for v in [*(v for v, _ in args), *(v for _, v, _ in given)]
    ):
        help = f"write `NAME = {span.text if len(span.text) < 60 else value.name}` above `forward` and `NAME(x)` in it"
        context.fail(
            "V0216",
            f"`{value.name}` runs on tensors only when it is bound to a name: its weights need one",
            span,
            help=help,
        )
    if len(args) > len(free):
        message = f"`{value.name}` has {len(free)} parameters left, {len(args)} values are given"
        context.fail("V0311", message, args[len(free)][1])
    found: dict[str, Setting] = {name: Whole(item, at) for name, (item, at) in zip(free, args, strict=False)}
    paths: list[tuple[str, ...]] = [(name,) for name in found]
    for path, item, at in given:
        names = tuple(name.id for name in path)
        if names[0] not in declared and names[0] not in bindings:
            place = path[0].span
            others = () if context.own(place) else (Label(place, "passed here"),)
            context.fail("V0202", f"block `{value.name}` has no `{names[0]}`", span if others else place,
                         help=suggestion(names[0], [*declared, *bindings]), others=others)  # fmt: skip
        if any(names[: len(other)] == other or other[: len(names)] == names for other in paths):
            context.fail("V0204", f"`{'.'.join(names)}` is given twice", named(at))
        paths.append(names)
        new: Setting = Whole(item, at)
        for name in reversed(path[1:]):
            new = Parts({name.id: new}, name.span)
        found[names[0]] = settings.compose(context, names[0], found.get(names[0]), new)
    for setting in found.values():
        item = setting.value if isinstance(setting, Whole) else None
        if isinstance(setting, Whole) and isinstance(item, (slots.LayerSlot, slots.ListSlot)):
            help = f"share({setting.span.text}) hands the layer over"
            context.fail("V0215", f"`{setting.span.text}` is a layer here, not a block value", setting.span, help=help)
    amended = settings.amended(context, value.name, value, found)
    assert isinstance(amended, BlockValue)
    return amended


def call_function(function: FunctionValue, args: Sequence[tuple[Any, Span]], kwargs: Mapping[str, tuple[Any, Span]],
                  scope: Scope, span: Span) -> Any:  # fmt: skip
    """A `fn` is its text, used in place."""
    from .statements import execute

    context, definition = scope.context, function.definition
    name, declared = definition.name.id, [p.name.id for p in definition.params]
    if len(args) > len(declared):
        context.fail("V0311", f"`{name}` takes {len(declared)} arguments, not {len(args)}", span)
    for given in kwargs:
        if given not in declared:
            context.fail(
                "V0202",
                f"`{name}` has no parameter `{given}`",
                named(kwargs[given][1]),
                help=suggestion(given, declared),
            )
    sizes: dict[str, int] = {}
    file = blocks.file_source(function.module, context)
    values = dict(zip(declared, args, strict=False)) | dict(kwargs)
    inner = Scope(context, function.module, scope.builder, (lambda n: sizes.get(n, MISSING), file), sizes,
                  lambda: [*sizes, *declared, *function.module.names()],
                  places={name: at for name, (_, at) in values.items()})  # fmt: skip
    with context.function(name, span):
        for param in definition.params:
            _parameter(param, values.get(param.name.id), inner, name, span)
        result, _ = execute(definition.body, inner, definition.span)
        if definition.result is not None:
            shapes.result(definition.result, result, inner, f"the result of {name}", span)
    return result


def _parameter(param: tree.Param, given: tuple[Any, Span] | None, inner: Scope, function: str, span: Span) -> None:
    """Binds one parameter of a `fn`: given, or its default."""
    from .expressions import evaluate

    if given is None and param.default is None:
        inner.context.fail("V0301", f"`{function}` needs `{param.name.id}`", span)
    if given is None:
        assert param.default is not None
        value, at = evaluate(param.default, inner, params.words(param.type)), param.default.span
    else:
        value, at = given
    value = params.check(inner.context, param, value, at)
    if isinstance(value, Tensor) and param.type is not None:
        shapes.bind_type(param.type, value, inner, param.name.id, at)
    inner.locals[param.name.id] = value


def members(value: Any) -> list[Any] | None:
    """The items of a list or of a list of layers; None of anything else."""
    if isinstance(value, slots.ListSlot):
        return list(value.members)
    return listed(value)
