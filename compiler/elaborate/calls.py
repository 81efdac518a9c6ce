"""Calls: what stands before the bracket decides. Parameters are filled in, functions inlined, layers run."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ...diagnostics import Label
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from ...grammar import tree
from ..ir.numbers import called
from . import builtins, layers, parameters, settings, shape_patterns
from .arguments import Call
from .declarations import words
from .entries import HELP, Paths
from .opcalls import call_op
from .scopes import Args, Kwargs, Place, Scope, named, place, plain
from .values import (
    Absent,
    BlockValue,
    Builtin,
    FunctionValue,
    Given,
    Identity,
    LayerSlot,
    ListSlot,
    OpValue,
    Parts,
    Setting,
    Shared,
    Tensor,
    Value,
    Whole,
    describe,
    is_number,
    lend,
    mapped,
)

#: Expressions that may be a word.
_WORDS = (tree.Name, tree.List, tree.Conditional, tree.Match)
#: An argument by name or path, its value, and its place.
_Named = tuple[tuple[tree.Name, ...], Value, Span]


def call(expr: tree.Call, scope: Scope) -> Value:
    """The value of a call expression."""
    function = scope.evaluate(expr.function)
    if isinstance(function, Builtin) and function.name == "share":
        return _share(expr, scope)
    args: list[Given] = []
    by_path: list[_Named] = []
    for position, arg in enumerate(expr.args):
        choices = _expected(function, arg, position) if isinstance(arg.value, _WORDS) else ()
        value = scope.evaluate(arg.value, choices)
        if arg.path:
            by_path.append((arg.path, value, place(arg.value, scope, named=arg.path[-1].span)))
        elif by_path:
            scope.context.fail("V0311", "an argument by position stands before those by name", arg.span)
        else:
            args.append((value, place(arg.value, scope)))
    if isinstance(function, BlockValue):
        return _configured(function, args, by_path, scope, place(expr.function, scope))
    kwargs = _by_name(function, by_path, scope)
    return scope.interpreter.call(function, args, kwargs, scope, place(expr, scope, loose=True))


def _by_name(function: Value, given: Sequence[_Named], scope: Scope) -> dict[str, Given]:
    """Arguments of what has no parts: each by a name alone."""
    kwargs: dict[str, Given] = {}
    for (name, *parts), value, span in given:
        if parts:
            scope.context.fail("V0218", f"{describe(function)} takes arguments by name, not by path", parts[0].span,
                               help=f"give `{name.id}` whole: `{name.id} = ...`")  # fmt: skip
        if name.id in kwargs:
            scope.context.fail("V0204", f"`{name.id}` is given twice", name.span)
        kwargs[name.id] = (value, span)
    return kwargs


def _share(expr: tree.Call, scope: Scope) -> Value:
    """`share(name)`: the layer of that name, to be bound again or handed to another block."""
    name = expr.args[0].value if len(expr.args) == 1 and not expr.args[0].path else None
    thunk = scope.beside(name.id) if isinstance(name, tree.Name) else None
    slot = thunk.get() if thunk is not None else None
    if not isinstance(slot, LayerSlot):
        scope.context.fail("V0217", "`share` takes the name of a layer that this block binds", expr.span)
    return lend(slot)


def _expected(function: Value, arg: tree.Arg, position: int) -> tuple[str, ...]:
    """The words that an argument may be."""
    if isinstance(function, FunctionValue) and arg.path:
        return next((words(p.type) for p in function.definition.params if p.name.id == arg.path[-1].id), ())
    if isinstance(function, (FunctionValue, BlockValue)) and not arg.path:
        given: Mapping[str, Setting] = function.args if isinstance(function, BlockValue) else {}
        free = [p for p in function.definition.params if not isinstance(given.get(p.name.id), Whole)]
        return words(free[position].type) if position < len(free) else ()
    target: Value | Absent = function
    for name in arg.path[:-1]:
        target = settings.part(target, name.id)
    return settings.expected(target, arg.path[-1].id) if arg.path else ()


def apply(function: Value, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Value:
    """Calls a value on evaluated arguments; fails with V0312 for what can't be called."""
    match function:
        case Builtin():
            made = Call(function.name, scope, args, kwargs, span)
            own = builtins.FUNCTIONS.get(function.name)
            return own(made) if own is not None else call_op(made)
        case OpValue():  # on tensors it runs, else it takes further attributes
            settings.tell_used(scope.context, function)
            return call_op(Call(function.op, scope, args, {**function.attrs, **kwargs}, span))
        case FunctionValue():
            return _call_function(function, args, kwargs, scope, span)
        case LayerSlot():
            return layers.call_layer(function, args, kwargs, scope, span)
        case ListSlot():
            return layers.call_layers(function, args, kwargs, scope, span)
        case list():
            return layers.call_list(function, args, kwargs, scope, span)
        case Identity():
            return (args[0][0] if len(args) == 1 else tuple(value for value, _ in args)) if args else function
        case Shared():
            return scope.context.fail("V0216", "a shared layer runs when it is bound to a name", span)
        case BlockValue():
            given = [((tree.Name(named(at), name),), value, at) for name, (value, at) in kwargs.items()]
            return _configured(function, args, given, scope, span)
        case _:
            word = isinstance(function, str) and function.isidentifier()
            help = f"write it without quotes: {function}" if word else _item(span, scope)
            return scope.context.fail("V0312", f"{describe(function)} can't be called", span, help=help)


def _item(span: Span, scope: Scope) -> str:
    """What to write for `xs(i)` where `xs` is a list of what can't be called."""
    expr = span.expr if isinstance(span, Place) else None
    if not isinstance(expr, tree.Call) or len(expr.args) != 1:
        return ""
    listed_ = isinstance(expr.function, tree.Name) and isinstance(scope.lookup(expr.function.id), list)
    return f"write `{expr.function.span.text}[{expr.args[0].span.text}]` for an item of the list" if listed_ else ""


def _configured(value: BlockValue, args: Args, given: Sequence[_Named], scope: Scope, span: Span) -> Value:
    """Fills in parameters and bindings: by position the parameters not yet given, in their order; by name or path all
    that the block declares. Fails with V0202, V0204, V0302. `span` is where the block value stands.
    """
    context = scope.context
    free = [name for name in value.declared.params if not isinstance(value.args.get(name), Whole)] if args else []
    if any(
        isinstance(v, Tensor) and v.type.stage != "const" for v in [*(v for v, _ in args), *(v for _, v, _ in given)]
    ):
        help = f"write `NAME = {span.text if len(span.text) < 60 else value.name}` above `forward` and `NAME(x)` in it"
        message = f"`{value.name}` runs on tensors only when it is bound to a name: its weights need one"
        context.fail("V0216", message, span, help=help)
    if len(args) > len(free):
        message = f"`{value.name}` takes {len(free)} value{'s' * (len(free) != 1)} by position, not {len(args)}"
        help = f"they are {', '.join(free)}" if free else "give them by name"
        context.fail("V0311", message, args[len(free)][1], help=help)
    found: dict[str, Setting] = {}
    paths = Paths()
    for key, (item, at) in zip(free, args, strict=False):
        found[key] = Whole(item, at)
        paths.add((key,), at)
    for path, item, at in given:
        names = tuple(name.id for name in path)
        if not settings.declares(value, names[0]):
            here = path[0].span
            others = () if context.own(here) else (Label(here, "passed here"),)
            settings.unknown_name(context, value, names[0], span if others else here, others)
        first = paths.add(names, named(at))
        if first is not None:
            help = "" if names in paths else HELP
            context.fail("V0204", f"`{'.'.join(names)}` is given twice", named(at), help=help,
                         others=(Label(first, "given here first"),))  # fmt: skip
        new: Setting = Whole(item, at)
        for above, name in reversed([*pairwise(path)]):
            new = Parts({name.id: new}, above.span)
        found[names[0]] = settings.compose(context, names[0], found.get(names[0]), new)
    for setting in found.values():
        if isinstance(setting, Whole) and isinstance(setting.value, (LayerSlot, ListSlot)):
            help = f"share({setting.span.text}) hands the layer over"
            context.fail("V0215", f"`{setting.span.text}` is a layer here, not a block value", setting.span, help=help)
    return settings.amended(context, value.name, value, found)


# ---- functions -------------------------------------------------------------------------------------------------------


def _call_function(function: FunctionValue, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Value:
    """A `fn` is its text, used in place."""
    context, definition = scope.context, function.definition
    name, declared = definition.name.id, [p.name.id for p in definition.params]
    if len(args) > len(declared):
        count = f"{len(declared)} argument{'s' * (len(declared) != 1)}"
        help = f"they are {', '.join(declared)}" if declared else ""
        context.fail("V0311", f"`{name}` takes {count}, not {len(args)}", args[len(declared)][1], help=help)
    for key, (_, at) in kwargs.items():
        if key not in declared:
            context.fail("V0202", f"`{name}` has no parameter `{key}`", named(at), help=suggestion(key, declared))
    values = dict(zip(declared, args, strict=False)) | dict(kwargs)
    places = {name: at for name, (_, at) in values.items()}
    inner = Scope(scope.interpreter, function.module, scope.builder, {}, places=places)
    with context.function(name, span):
        for param in definition.params:
            given = values.get(param.name.id)
            if given is None and param.default is None:
                context.fail("V0301", f"`{name}` needs `{param.name.id}`", span)
            parameters.bind(param, given, inner)
        result, _ = scope.interpreter.execute(definition.body, inner, definition.span)
        if definition.result is not None:
            shape_patterns.result(definition.result, result, inner, f"the result of {name}", span)
    numbers = tuple(value for value, _ in values.values() if is_number(value))
    return mapped(result, lambda one: called(one, name, numbers, plain(span)) if is_number(one) else one)
