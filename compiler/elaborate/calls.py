"""Calls: what stands before the bracket decides. Parameters are filled in, functions inlined, layers run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...grammar import tree
from ...grammar.diagnostics import Label
from ...grammar.source import Span
from ...grammar.suggest import suggestion
from .. import ops
from . import blocks, layers, params, shapes, slots
from .blame import named, place
from .context import Context
from .scopes import MISSING, Scope, Thunk
from .values import BlockValue, Bound, Builtin, FunctionValue, Identity, OpValue, Shared, Tensor, describe, listed

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
    kwargs: Kwargs = {}
    for position, arg in enumerate(expr.args):
        words = _expected(function, arg.name.id if arg.name else position)
        value = evaluate(arg.value, scope, words)
        if arg.name is None:
            if kwargs:
                scope.context.fail("V0311", "an argument by position stands before those by name", arg.span)
            args.append((value, place(arg.value, scope)))
        elif arg.name.id in kwargs:
            scope.context.fail("V0204", f"`{arg.name.id}` is given twice", arg.name.span)
        else:
            kwargs[arg.name.id] = (value, place(arg.value, scope, named=arg.name.span))
    if isinstance(function, BlockValue):
        return configure(function, args, kwargs, scope, place(expr.function, scope))
    return apply(function, args, kwargs, scope, place(expr, scope, loose=True))


def _share(expr: tree.Call, scope: Scope) -> Any:
    """`share(name)`: the layer of that name, to be bound again or handed to another block."""
    named = expr.args[0].value if len(expr.args) == 1 and expr.args[0].name is None else None
    slot = scope.layer(named.id) if isinstance(named, tree.Name) else MISSING
    if not isinstance(slot, slots.LayerSlot):
        scope.context.fail("V0217", "`share` takes the name of a layer that this block binds", expr.span)
    return slots.shared(slot)


def _expected(function: Any, at: str | int) -> tuple[str, ...]:
    """The words that an argument may be."""
    if isinstance(function, (BlockValue, FunctionValue)):
        declared = function.definition.params
        if isinstance(function, BlockValue) and isinstance(at, int):
            declared = [p for p in declared if p.name.id not in function.args]
        found = declared[at] if isinstance(at, int) and at < len(declared) else None
        found = found or next((p for p in declared if p.name.id == at), None)
        return params.words(found.type) if found else ()
    op = function.op if isinstance(function, OpValue) else function.name if isinstance(function, Builtin) else ""
    if op in ops.names():
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
            return configure(function, args, kwargs, scope, span)
        case _:
            return scope.context.fail("V0312", f"{describe(function)} can't be called", span)


def _op_value(value: OpValue, args: Args, kwargs: Kwargs, scope: Scope, span: Span) -> Any:
    """An op partly configured: on tensors it runs, else it takes further attributes."""
    from .functions import call_op

    merged = {**value.attrs, **kwargs}
    return call_op(value.op, scope, args, merged, span)


def configure(value: BlockValue, args: Sequence[tuple[Any, Span]], kwargs: Mapping[str, tuple[Any, Span]],
              scope: Scope, span: Span) -> BlockValue:  # fmt: skip
    """Fills in parameters: by position those not yet given, in their order; fails with V0202, V0204, V0302.

    `span` is where the block value stands.
    """
    from .expressions import evaluate

    context, declared = scope.context, {p.name.id: p for p in value.definition.params}
    free = [name for name in declared if name not in value.args]
    if any(isinstance(v, Tensor) and v.type.stage != "const" for v, _ in [*args, *kwargs.values()]):
        context.fail(
            "V0216", f"`{value.name}` runs on tensors only when it is bound to a name: its weights need one", span
        )
    if len(args) > len(free):
        message = f"`{value.name}` has {len(free)} parameters left, {len(args)} values are given"
        context.fail("V0311", message, args[len(free)][1])
    given = dict(zip(free, args, strict=False))
    for name, item in kwargs.items():
        at = named(item[1])
        if name not in declared:
            others = () if context.own(at) else (Label(at, "passed here"),)
            context.fail("V0202", f"block `{value.name}` has no parameter `{name}`", span if others else at,
                         help=suggestion(name, declared), others=others)  # fmt: skip
        if name in given:
            context.fail("V0204", f"`{name}` is given twice", at)
        given[name] = item
    inner = Scope(context, value.module, scope.builder, (blocks.file_source(value.module, context),), {}, lambda: ())
    bound = dict(value.args)
    for name, (item, at) in given.items():
        if isinstance(item, (slots.LayerSlot, slots.ListSlot)):
            help = f"share({at.text}) hands the layer over"
            context.fail("V0215", f"`{at.text}` is a layer here, not a block value", at, help=help)
        checked = params.check(context, declared[name], item, at, lambda limit: evaluate(limit, inner))
        bound[name] = Bound(checked, at)
    return BlockValue(value.module, value.definition, bound)


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
    value = params.check(inner.context, param, value, at, lambda limit: evaluate(limit, inner))
    if isinstance(value, Tensor) and param.type is not None:
        shapes.bind_type(param.type, value, inner, param.name.id, at)
    inner.locals[param.name.id] = value


def members(value: Any) -> list[Any] | None:
    """The items of a list or of a list of layers; None of anything else."""
    if isinstance(value, slots.ListSlot):
        return list(value.members)
    return listed(value)
