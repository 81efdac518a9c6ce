"""A block being run: its parameters, its bindings, its weights, and the layer that comes of it.

Nothing here depends on where a layer stands, so equal calls (the same block value, the same argument types) are one
`Layer`, however often they occur.
"""

from collections.abc import Sequence
from typing import Any

from ...diagnostics.source import Span
from ...grammar import tree
from .. import ops
from ..ir.builder import Builder
from ..ir.graph import Graph
from ..ir.program import Child, Layer, WeightSpec
from ..ir.types import TensorType
from . import params, settings
from .blame import place, plain
from .context import Context
from .reserved import refuse
from .scopes import LATER, MISSING, Scope, Thunk
from .shapes import names_in
from .slots import LayerSlot, ListSlot, holds_layer, makes_layer, settle, slots_in
from .values import BlockValue, Builtin, OpValue, Shape, Shared, Tensor, WeightValue, Whole, Word


class Instance:
    """A block being run: its parameters, bound values, layers, weights and the sizes its patterns have named."""

    def __init__(self, context: Context, value: BlockValue) -> None:
        self.context, self.value, self.builder = context, value, Builder()
        self.shapes: dict[str, int] = {}
        self.weights: dict[str, WeightSpec] = {}
        self.slots: dict[str, LayerSlot | ListSlot] = {}
        #: Where the names of layers stand.
        self.names: dict[str, Span] = {}
        self.leaves: dict[str, Tensor] = {}
        block = value.definition
        #: Names that shape patterns of `forward` bind: known from the first call on.
        self.later = names_in(block, context)
        self.params: dict[str, Thunk] = {}
        self.binds: dict[str, Thunk] = {}
        #: Parameters of the type `layer`: inside the block their names are layers.
        self.layers = params.layers(context, block)
        #: The names of layers in the order of their first calls.
        self.called: dict[str, None] = {}
        self.params.update({p.name.id: self._param(p) for p in block.params})
        binds = [entry for entry in block.entries if isinstance(entry, tree.Bind)]
        self.binds.update({p.name.id: self._layer(p) for p in block.params if p.name.id in self.layers})
        self.binds.update({bind.name.id: self._bind(bind) for bind in binds})

    # ---- names -------------------------------------------------------------------------------------------------------

    def scope(self, *, without: str = "", kind: str = "forward") -> Scope:
        """The scope of a default (`param`), of a value right of `=` (`bind`), or of `forward`."""
        file = file_source(self.value.module, self.context)

        def param(name: str) -> Any:
            return self.params[name].get(self.context) if name in self.params else MISSING

        def other_param(name: str) -> Any:
            return MISSING if name == without else param(name)

        def plain_param(name: str) -> Any:
            return MISSING if name in self.layers else param(name)

        def bind(name: str) -> Any:
            return self.binds[name].get(self.context) if name in self.binds and name != without else MISSING

        sources = {
            "param": (other_param, self.size, file),
            "bind": (plain_param, bind, self.size, file),
            "forward": (bind, param, self.size, file),
        }[kind]

        def origin(name: str) -> Thunk | None:
            # a layer's origin is what its parameter was given
            binds_first = kind == "forward" and name not in self.layers
            first, second = (self.binds, self.params) if binds_first else (self.params, self.binds)
            return None if name == without and kind == "param" else first.get(name, second.get(name))

        def known() -> Any:
            return [*self.params, *self.binds, *self.later, *self.value.module.names()]

        return Scope(self.context, self.value.module, self.builder, sources, self.shapes, known, origin,
                     layer=bind if kind == "bind" else lambda name: MISSING)  # fmt: skip

    def size(self, name: str) -> Any:
        """A size that a pattern has named; LATER for one that no pattern has met as yet."""
        return self.shapes.get(name, LATER if name in self.later else MISSING)

    def _param(self, param: tree.Param) -> Thunk:
        name = param.name.id
        given = self.value.args.get(name)
        if isinstance(given, Whole):
            return Thunk(name, None, given.span, lambda: given.value, type=param.type)
        expr = param.default
        if expr is None:
            message = f"block `{self.value.name}` needs `{name}`"
            return Thunk(
                name, None, param.span, lambda: self.context.fail("V0301", message, param.span), type=param.type
            )
        scope = self.scope(without=name, kind="param")

        def make() -> Any:
            from .expressions import evaluate

            value = evaluate(expr, scope, params.words(param.type))
            if given is not None:
                value = settings.amended(self.context, name, value, given.parts)
            return params.check(self.context, param, value, place(expr, scope))

        return Thunk(name, expr, expr.span, make, scope, type=param.type)

    def _layer(self, param: tree.Param) -> Thunk:
        """The layer that a parameter of the type `layer` is bound to under its own name."""
        name = param.name.id

        def make() -> Any:
            thunk = self.params[name]
            value = configured(thunk.get(self.context), thunk.span)
            return self.materialise(name, value, param.name, thunk.span)

        return Thunk(name, None, param.span, make)

    def _bind(self, bind: tree.Bind) -> Thunk:
        name = bind.name.id
        given = self.value.args.get(name) if name in self.value.bindings else None
        if isinstance(given, Whole):
            whole = configured(given.value, given.span)
            return Thunk(name, None, given.span, lambda: self.materialise(name, whole, bind.name, given.span))
        scope = self.scope(without=name, kind="bind")

        def make() -> Any:
            value = self.default(bind)
            if given is not None:
                value = settings.amended(self.context, name, value, given.parts)
            return self.materialise(name, value, bind.name, place(bind.value, scope), bind.value)

        return Thunk(name, bind.value, bind.value.span, make, scope)

    def default(self, bind: tree.Bind) -> Any:
        """What the block's own text binds a name to, before it becomes a layer or a weight."""
        from .expressions import evaluate

        return configured(evaluate(bind.value, self.scope(without=bind.name.id, kind="bind")), bind.value.span)

    # ---- layers and weights ------------------------------------------------------------------------------------------

    def materialise(self, name: str, value: Any, named: tree.Name, span: Span, expr: tree.Expr | None = None) -> Any:
        """What a name means in `forward`: a layer for a block value, a tensor for a weight, else the value."""
        if isinstance(value, (LayerSlot, ListSlot)):
            at = expr.span if expr is not None else plain(span)
            help = f"bind the parameter it was made from for a new layer, share({at.text}) for the same"
            self.context.fail("V0215", f"`{at.text}` is a layer here, not a block value", at, help=help)
        if holds_layer(value):
            at = expr.span if expr is not None else plain(span)
            help = "write block values for new layers, share(NAME) for the same one; a slice is called in `forward`"
            self.context.fail("V0215", "this list holds a layer, not a block value", at, help=help)
        if makes_layer(value):
            refuse(self.context, named)
            slot = self._list(name, value, span) if isinstance(value, list) else self._slot(name, value, span)  # type: ignore[reportUnknownArgumentType] -- any list
            self.slots[name], self.names[name] = slot, named.span
            return slot
        if isinstance(value, WeightValue):
            refuse(self.context, named)
            self.weights[name] = value.spec
            return self.weight(name, value.spec, value.span)
        if isinstance(value, Tensor):
            self.builder.name(value.value, name)
        return value

    def _slot(self, path: str, value: BlockValue | OpValue | Shared, span: Span) -> LayerSlot:
        if isinstance(value, Shared):
            owner: LayerSlot = value.owner
            return LayerSlot(self, path, owner.value, span, root=owner, calls=owner.calls)
        return LayerSlot(self, path, value, span)

    def _list(self, path: str, values: Sequence[Any], span: Span) -> ListSlot:
        members: list[Any] = []
        for index, value in enumerate(values):
            inner = f"{path}.{index}"
            if isinstance(value, list):
                members.append(self._list(inner, value, span))  # type: ignore[reportUnknownArgumentType] -- any list
            elif isinstance(value, (BlockValue, OpValue, Shared)):
                members.append(self._slot(inner, value, span))
            else:
                members.append(value)
        return ListSlot(path, members)

    def weight(self, name: str, spec: WeightSpec, span: Span) -> Tensor:
        """The leaf of a weight of this block or of an op bound in it, once a body."""
        if name not in self.leaves:
            type = TensorType(spec.shape, spec.dtype, "shared")
            self.context.sized(type, span)
            attrs = {"name": name, "shape": spec.shape, "trainable": spec.trainable}
            (out,) = self.builder.add("weight", (), (type,), attrs, names=(name.rpartition(".")[2],))
            self.leaves[name] = Tensor(out)
        return self.leaves[name]

    def tell_unread(self) -> None:
        """Notes of each setting of this block whether its value was read."""
        for name, setting in self.value.args.items():
            at = settings.at(setting)
            if at.source in self.context.bundled:
                continue
            thunk = self.params[name] if name in self.params else self.binds[name]
            message = f"`{name}` has no effect: nothing in block `{self.value.name}` reads it with these settings"
            self.context.effect("V0414", at, thunk.read, message)

    def tell_uncalled(self) -> None:
        """Notes of each layer that this block binds whether it was called."""
        if self.value.module.source in self.context.bundled:
            return
        for name, slot in self.slots.items():
            idle = [inner.path for inner in slots_in(slot) if not inner.called and inner.lent is None]
            which = ", ".join(f"`{path}`" for path in idle[:3]) + (", …" if len(idle) > 3 else "")
            message = f"{which} in block `{self.value.name}` {'are' if len(idle) > 1 else 'is'} bound and never called"
            self.context.effect("V0415", self.names[name], not idle, message)

    # ---- the end -----------------------------------------------------------------------------------------------------

    def freeze(self, graph: Graph) -> Layer:
        """The layer that was made."""
        block = self.value.definition
        order = [*self.params, *(e.name.id for e in block.entries if isinstance(e, tree.Bind))]
        slots = {name: self.slots[name] for name in dict.fromkeys([*self.called, *order]) if name in self.slots}
        made: dict[str, Child] = {n: s.child() if isinstance(s, ListSlot) else s.layer() for n, s in slots.items()}
        made, borrows, shares = settle(made, slots)
        children = {name: child for name, child in made.items() if child is not None or name in borrows}
        weights = {name: self.weights[name] for name in order if name in self.weights}
        return Layer(
            self.value.name, False, self._numbers(), children, weights, {}, (graph,), (graph,), block.name.span,
            borrows, shares,
        )  # fmt: skip

    def _numbers(self) -> dict[str, Any]:
        """Parameters, sizes and bound numbers by name, for the constructor of printed code."""
        found: dict[str, Any] = {}
        for name, thunk in {**self.params, **self.binds}.items():
            if thunk.done and isinstance(thunk.result, (bool, int, float)):
                found.setdefault(name, thunk.result)
            elif thunk.done and isinstance(thunk.result, Word):
                found.setdefault(name, thunk.result.name)
            elif thunk.done and isinstance(thunk.result, Shape):
                found.setdefault(name, thunk.result.dims)
        for name, size in self.shapes.items():
            found.setdefault(name, size)
        return found


def file_source(module: Any, context: Context) -> Any:
    """Names of the file, of what it uses, of std, and of the language."""
    from .names import definition

    def find(name: str) -> Any:
        return definition(name, module, context)

    return find


def configured(value: Any, span: Span) -> Any:
    """The bare name of an op with weights is a block value, all its attributes left at their defaults."""
    if isinstance(value, list):
        return [configured(item, span) for item in value]  # type: ignore[reportUnknownVariableType] -- any list
    if isinstance(value, Builtin) and value.name in ops.names():
        return OpValue(value.name, {}, span)
    return value
