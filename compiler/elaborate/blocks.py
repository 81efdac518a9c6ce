"""A block being run: its parameters, its bindings, its weights, and the layer that comes of it.

Nothing here depends on where a layer stands, so equal calls (the same block value, the same argument types) are one
`Layer`, however often they occur.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ...diagnostics import Label
from ...diagnostics.source import Span
from ...grammar import tree
from ...grammar.walking import walk
from .. import ops
from ..ir.builder import Builder
from ..ir.graph import Graph
from ..ir.program import Child, Layer, WeightSpec
from ..ir.types import TensorType
from ..reserved import why_reserved
from . import parameters, settings
from .assembly import settle
from .context import Context
from .declarations import words
from .library import Module
from .scopes import Interpreter, Place, Scope, Thunk, place, plain
from .values import (
    BlockValue,
    Builtin,
    LayerSlot,
    ListSlot,
    OpValue,
    Shape,
    Shared,
    Tensor,
    Value,
    WeightValue,
    Whole,
    Word,
    holds_layer,
    makes_layer,
    mapped,
    slots_in,
)


class Instance:
    """A block being run: its parameters, bound values, layers, weights and the sizes its patterns have named."""

    def __init__(
        self, interpreter: Interpreter, value: BlockValue, over: "Callable[[Instance, Thunk], Thunk] | None" = None
    ) -> None:
        """`over` gives the thunk to use for a name that can be set, from the block's own: a sheet sets names there."""
        self.interpreter, self.value, self.builder = interpreter, value, Builder()
        self.context = interpreter.context
        self.declared = value.declared
        #: The sizes that the patterns of `forward` named so far, each with the place that showed it.
        self.sizes: dict[str, tuple[int, Span]] = {}
        self.weights: dict[str, WeightSpec] = {}
        self.slots: dict[str, LayerSlot | ListSlot] = {}
        #: Where the names of layers stand.
        self.names: dict[str, Span] = {}
        self.leaves: dict[str, Tensor] = {}
        #: The names of layers in the order of their first calls.
        self.called: dict[str, None] = {}
        self.params: dict[str, Thunk] = {}
        #: The parameters that are no layers: all that a value right of `=` sees of them.
        self.plain: dict[str, Thunk] = {}
        #: What the block binds; inside it the name of a parameter of the type `layer` is the layer.
        self.binds: dict[str, Thunk] = {}
        for param in value.definition.params:
            name, own = param.name.id, self._param(param)
            self.params[name] = over(self, own) if over else own
            self.params[name].leaf = name
            if name in self.declared.layers:
                self.binds[name] = self._layer(param)
            else:
                self.plain[name] = self.params[name]
        for bind in value.definition.entries:
            if isinstance(bind, tree.Bind):
                name, own = bind.name.id, self._bind(bind)
                self.binds[name] = over(self, own) if over and name in self.declared.bindings else own

    # ---- names -------------------------------------------------------------------------------------------------------

    def scope(self, *thunks: Mapping[str, Thunk], making: str = "", module: Module | None = None) -> Scope:
        """A scope that asks these values, the sizes of this block, then the names of its file, or of the sheet's."""
        return Scope(self.interpreter, module or self.value.module, self.builder, self.sizes, thunks, making,
                     self.declared.sizes)  # fmt: skip

    def inside(self, making: str) -> Scope:
        """Where the value of a binding is evaluated."""
        return self.scope(self.plain, self.binds, making=making)

    def _param(self, param: tree.Param) -> Thunk:
        name = param.name.id
        given = self.value.args.get(name)
        if isinstance(given, Whole):
            return Thunk(self.context, name, given.span, lambda: given.value, param.type)
        expr = param.default
        if expr is None:
            message = f"block `{self.value.name}` needs `{name}`"

            def refuse() -> Value:
                frames = self.context.frames
                made = frames[-1].made if frames else param.span
                if isinstance(made, Place):
                    expr = _maker(made.expr, self.value.name)
                    made = replace(made, start=expr.span.start, end=expr.span.end, expr=expr)
                self.context.fail("V0301", message, made, others=(Label(param.span, "declared here"),))

            return Thunk(self.context, name, param.span, refuse, param.type)
        scope = self.scope(self.params, making=name)
        span = place(expr, scope)

        def make() -> Value:
            value = scope.evaluate(expr, words(param.type))
            if given is not None:
                value = settings.amended(self.context, name, value, given.parts)
            return parameters.check(self.context, param, value, span)

        return Thunk(self.context, name, span, make, param.type)

    def _layer(self, param: tree.Param) -> Thunk:
        """The layer that a parameter of the type `layer` is bound to under its own name."""
        name, thunk = param.name.id, self.params[param.name.id]

        def make() -> Value:
            return self.materialise(name, configured(thunk.get(), thunk.span), param.name, thunk.span)

        return Thunk(self.context, name, thunk.span, make)

    def _bind(self, bind: tree.Bind) -> Thunk:
        name = bind.name.id
        given = self.value.args.get(name) if name in self.declared.bindings else None
        if isinstance(given, Whole):
            whole = configured(given.value, given.span)

            def take() -> Value:
                return self.materialise(name, whole, bind.name, given.span)

            return Thunk(self.context, name, given.span, take)
        scope = self.inside(name)
        span = place(bind.value, scope)

        def make() -> Value:
            value = configured(scope.evaluate(bind.value), bind.value.span)
            if given is not None:
                value = settings.amended(self.context, name, value, given.parts)
            return self.materialise(name, value, bind.name, span, bind.value)

        return Thunk(self.context, name, span, make)

    # ---- layers and weights ------------------------------------------------------------------------------------------

    def materialise(
        self, name: str, value: Value, named: tree.Name, span: Span, expr: tree.Expr | None = None
    ) -> Value:
        """What a name means in `forward`: a layer for a block value, a tensor for a weight, else the value.

        Fails with V0205 for a reserved name and V0215 for a layer where a block value is wanted.
        """
        at = expr.span if expr is not None else plain(span)
        if isinstance(value, (LayerSlot, ListSlot)):
            help = f"bind the parameter it was made from for a new layer, share({at.text}) for the same"
            self.context.fail("V0215", f"`{at.text}` is a layer here, not a block value", at, help=help)
        if holds_layer(value):
            help = "write block values for new layers, share(NAME) for the same one; a slice is called in `forward`"
            self.context.fail("V0215", "this list holds a layer, not a block value", at, help=help)
        if isinstance(value, WeightValue):
            _refuse_reserved(self.context, named)
            self.weights[name] = value.spec
            return self.weight(name, value.spec, value.span)
        if isinstance(value, Tensor):
            self.builder.name(value.value, name)
        if not makes_layer(value):
            return value
        _refuse_reserved(self.context, named)
        slot = self._slot(name, value, span)
        if isinstance(slot, (LayerSlot, ListSlot)):
            self.slots[name], self.names[name] = slot, named.span
        return slot

    def _slot(self, path: str, value: Value, span: Span) -> Value:
        """The layer of a block value, the layers of a list; of anything else in a list the value."""
        match value:
            case list():
                return ListSlot(path, [self._slot(f"{path}.{index}", one, span) for index, one in enumerate(value)])
            case Shared():
                owner = value.owner
                return LayerSlot(self, path, owner.value, span, root=owner, calls=owner.calls)
            case BlockValue() | OpValue():
                return LayerSlot(self, path, value, span)
            case _:
                return value

    def weight(self, name: str, spec: WeightSpec, span: Span) -> Tensor:
        """The leaf of a weight of this block or of an op bound in it, once a body."""
        if name not in self.leaves:
            type = TensorType(spec.shape, spec.dtype, "shared")
            self.context.sized(type, span)
            attrs = {"name": name, "shape": spec.shape, "trainable": spec.trainable}
            (out,) = self.builder.add("weight", (), (type,), attrs, names=(name.rpartition(".")[2],))
            self.leaves[name] = Tensor(out)
        return self.leaves[name]

    # ---- the end -----------------------------------------------------------------------------------------------------

    def tell_effects(self) -> None:
        """Notes whether each setting of this block was read and each layer that it binds was called."""
        bundled = self.context.bundled
        for name, setting in self.value.args.items():
            at = settings.at(setting)
            if at.source not in bundled:
                thunk = self.params[name] if name in self.params else self.binds[name]
                message = f"`{name}` has no effect: nothing in block `{self.value.name}` reads it with these settings"
                self.context.effect("V0414", at, thunk.read, message)
        if self.value.module.source in bundled:
            return
        for name, slot in self.slots.items():
            idle = [inner.path for inner in slots_in(slot) if not inner.called and inner.lent is None]
            which = ", ".join(f"`{path}`" for path in idle[:3]) + (", …" if len(idle) > 3 else "")
            message = f"{which} in block `{self.value.name}` {'are' if len(idle) > 1 else 'is'} bound and never called"
            self.context.effect("V0415", self.names[name], not idle, message)

    def freeze(self, graph: Graph) -> Layer:
        """The layer that was made."""
        block = self.value.definition
        order = [*self.params, *(e.name.id for e in block.entries if isinstance(e, tree.Bind))]
        slots = {name: self.slots[name] for name in dict.fromkeys([*self.called, *order]) if name in self.slots}
        made: dict[str, Child] = {n: s.child() if isinstance(s, ListSlot) else s.layer() for n, s in slots.items()}
        found = [inner for slot in slots.values() for inner in slots_in(slot)]
        settled = settle(
            made,
            lent={slot.path: slot.root.lent for slot in found if slot.root is not None and slot.root.lent is not None},
            own={slot.lent: (slot.path, slot.layer()) for slot in found if slot.root is None and slot.lent is not None},
        )
        children = {n: child for n, child in settled.children.items() if child is not None or n in settled.borrows}
        weights = {name: self.weights[name] for name in order if name in self.weights}
        return Layer(self.value.name, False, self._numbers(), children, weights, {}, bodies=(graph,), train=(graph,),
                     span=block.name.span, borrows=settled.borrows, shares=settled.shares)  # fmt: skip

    def _numbers(self) -> dict[str, Value]:
        """Parameters, sizes and bound numbers by name, for the constructor of printed code."""
        found: dict[str, Value] = {}
        for name, thunk in {**self.params, **self.binds}.items():
            if thunk.done and isinstance(thunk.result, (bool, int, float)):
                found.setdefault(name, thunk.result)
            elif thunk.done and isinstance(thunk.result, Word):
                found.setdefault(name, thunk.result.name)
            elif thunk.done and isinstance(thunk.result, Shape):
                found.setdefault(name, thunk.result.dims)
        for name, (size, _) in self.sizes.items():
            found.setdefault(name, size)
        return found


def _maker(expr: tree.Expr, block: str) -> tree.Expr:
    """What in an expression makes a layer of a block: its call, its name, or all of it."""
    found = [n for n in walk(expr) if isinstance(n, tree.Name) and n.id == block]
    calls = [n for n in walk(expr) if isinstance(n, tree.Call) and n.function in found]
    return next(iter([*calls, *found]), expr)


def configured(value: Value, span: Span) -> Value:
    """The bare name of an op is a block value, all its attributes left at their defaults."""

    def change(one: Value) -> Value:
        return OpValue(one.name, {}, span) if isinstance(one, Builtin) and one.name in ops.names() else one

    return mapped(value, change)


def _refuse_reserved(context: Context, name: tree.Name) -> None:
    """Fails with V0205 for a name that printed code could not use."""
    why = why_reserved(name.id)
    if why:
        help = f"call it `{name.id.strip('_')}_layer` or by what it does"
        context.fail("V0205", f"a layer or weight can't be called `{name.id}`: it is {why}", name.span, help=help)
