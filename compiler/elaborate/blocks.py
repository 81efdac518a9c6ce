"""Blocks become layers: a block value is called on tensors, its text is run once, its body recorded as a graph.

Nothing here depends on where a layer stands, so equal calls (the same block value, the same argument types) are one
`Layer`, however often they occur.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...grammar import tree
from ...grammar.source import Span
from .. import ops
from ..ir.builder import Builder
from ..ir.graph import Graph
from ..ir.program import Child, Layer, WeightSpec
from ..ir.types import TensorType
from . import merging, params
from .context import Context
from .reserved import refuse
from .scopes import MISSING, Scope, Thunk
from .values import BlockValue, Builtin, OpValue, Shape, Tensor, WeightValue, Word


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of a tensor in the results of a call."""

    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Elaborated:
    """A block run on arguments of certain types: the layer it is, and what it gives."""

    layer: Layer
    results: Any
    types: tuple[TensorType, ...]


@dataclass(eq=False)
class LayerSlot:
    """A block value bound to a name: a layer. `path` is its name in its block (`attn`, `blocks.3`)."""

    instance: "Instance"
    path: str
    value: BlockValue | OpValue
    span: Span
    calls: list[Elaborated] = field(default_factory=list[Elaborated])
    op_layer: Layer | None = None

    def layer(self) -> Layer | None:
        """What was made of it by its calls; None if it was never called."""
        return merging.merge([call.layer for call in self.calls]) if self.calls else self.op_layer


@dataclass(eq=False)
class ListSlot:
    """A list with block values in it, bound to a name: layers named by position."""

    path: str
    members: list[Any]

    def child(self) -> Child:
        """The layers, None where a place has no weights and was never called as a layer."""
        return tuple(
            m.child() if isinstance(m, ListSlot) else m.layer() if isinstance(m, LayerSlot) else None
            for m in self.members
        )


class Instance:
    """A block being run: its parameters, bound values, layers, weights and the sizes its patterns have named."""

    def __init__(self, context: Context, value: BlockValue, overrides: Mapping[str, Thunk] | None = None) -> None:
        self.context, self.value, self.builder = context, value, Builder()
        self.shapes: dict[str, int] = {}
        self.weights: dict[str, WeightSpec] = {}
        self.slots: dict[str, LayerSlot | ListSlot] = {}
        self.leaves: dict[str, Tensor] = {}
        block = value.definition
        self.params: dict[str, Thunk] = {}
        self.binds: dict[str, Thunk] = {}
        self.params.update({p.name.id: self._param(p, overrides or {}) for p in block.params})
        binds = [entry for entry in block.entries if isinstance(entry, tree.Bind)]
        self.binds.update({bind.name.id: self._bind(bind) for bind in binds})

    # ---- names -------------------------------------------------------------------------------------------------------

    def scope(self, *, without: str = "", kind: str = "forward") -> Scope:
        """The scope of a default (`param`), of a value right of `=` (`bind`), or of `forward`."""
        file = file_source(self.value.module, self.context)

        def param(name: str) -> Any:
            return self.params[name].get(self.context) if name in self.params else MISSING

        def other_param(name: str) -> Any:
            return MISSING if name == without else param(name)

        def bind(name: str) -> Any:
            return self.binds[name].get(self.context) if name in self.binds and name != without else MISSING

        def size(name: str) -> Any:
            return self.shapes.get(name, MISSING)

        sources = {
            "param": (other_param, size, file),
            "bind": (param, bind, size, file),
            "forward": (bind, param, size, file),
        }[kind]

        def known() -> Any:
            return [*self.params, *self.binds, *self.shapes, *self.value.module.names()]

        return Scope(self.context, self.value.module, self.builder, sources, self.shapes, known,
                     self.params.get, binding=kind != "forward")  # fmt: skip

    def _param(self, param: tree.Param, overrides: Mapping[str, Thunk]) -> Thunk:
        name = param.name.id
        if name in overrides:
            return overrides[name]
        bound = self.value.args.get(name)
        if bound is not None:
            return Thunk(name, None, bound.span, lambda: bound.value, type=param.type)
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
            return params.check(self.context, param, value, expr.span, lambda limit: evaluate(limit, scope))

        return Thunk(name, expr, expr.span, make, scope, type=param.type)

    def _bind(self, bind: tree.Bind) -> Thunk:
        name = bind.name.id

        def make() -> Any:
            from .expressions import evaluate

            value = _configured(evaluate(bind.value, self.scope(without=name, kind="bind")), bind.value.span)
            return self.materialise(name, value, bind)

        return Thunk(name, bind.value, bind.value.span, make)

    # ---- layers and weights ------------------------------------------------------------------------------------------

    def materialise(self, name: str, value: Any, bind: tree.Bind) -> Any:
        """What a name stands for in `forward`: a layer for a block value, a tensor for a weight, else the value."""
        if isinstance(value, (LayerSlot, ListSlot)):
            self.context.fail(
                "V0215",
                f"`{bind.value.span.text}` is a layer here, not a block value",
                bind.value.span,
                help="every binding makes a new layer; bind the parameter it was made from",
            )
        if isinstance(value, list) and any(map(_makes_layer, value)):  # type: ignore[reportUnknownArgumentType]
            refuse(self.context, bind.name)
            slot = self._list(name, value, bind.value.span)  # type: ignore[reportUnknownArgumentType]
            self.slots[name] = slot
            return slot
        if isinstance(value, BlockValue) or (isinstance(value, OpValue) and _owns_weights(value)):
            refuse(self.context, bind.name)
            slot = LayerSlot(self, name, value, bind.value.span)
            self.slots[name] = slot
            return slot
        if isinstance(value, WeightValue):
            refuse(self.context, bind.name)
            self.weights[name] = value.spec
            return self.weight(name, value.spec, value.span)
        if isinstance(value, Tensor):
            self.builder.name(value.value, name)
        return value

    def _list(self, path: str, values: Sequence[Any], span: Span) -> ListSlot:
        members: list[Any] = []
        for index, value in enumerate(values):
            inner = f"{path}.{index}"
            if isinstance(value, list):
                members.append(self._list(inner, value, span))  # type: ignore[reportUnknownArgumentType]
            elif isinstance(value, (BlockValue, OpValue)):
                members.append(LayerSlot(self, inner, value, span))
            else:
                members.append(value)
        return ListSlot(path, members)

    def weight(self, name: str, spec: WeightSpec, span: Span) -> Tensor:
        """The leaf of a weight of this block or of an op bound in it, once a body."""
        if name not in self.leaves:
            self.context.sized(TensorType(spec.shape), span)
            type = TensorType(spec.shape, spec.dtype, "shared")
            attrs = {"name": name, "shape": spec.shape, "trainable": spec.trainable}
            (out,) = self.builder.add("weight", (), (type,), attrs, names=(name.rpartition(".")[2],))
            self.leaves[name] = Tensor(out)
        return self.leaves[name]

    # ---- the end -----------------------------------------------------------------------------------------------------

    def freeze(self, graph: Graph) -> Layer:
        """The layer that was made."""
        block = self.value.definition
        order = [e.name.id for e in block.entries if isinstance(e, tree.Bind)]
        children: dict[str, Child] = {}
        for name in order:
            slot = self.slots.get(name)
            child = slot.child() if isinstance(slot, ListSlot) else slot.layer() if slot else None
            if child is not None:
                children[name] = child
        weights = {name: self.weights[name] for name in order if name in self.weights}
        return Layer(
            self.value.name, False, self._numbers(), children, weights, {}, (graph,), (graph,), block.name.span
        )

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

    return lambda name: definition(name, module, context)  # type: ignore[reportUnknownLambdaType]


def _configured(value: Any, span: Span) -> Any:
    """The bare name of an op with weights is a block value, all its attributes left at their defaults."""
    if isinstance(value, list):
        return [_configured(item, span) for item in value]  # type: ignore[reportUnknownVariableType]
    if isinstance(value, Builtin) and value.name in ops.names():
        return OpValue(value.name, {}, span)
    return value


def _makes_layer(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_makes_layer, value))  # type: ignore[reportUnknownArgumentType]
    return isinstance(value, BlockValue) or (isinstance(value, OpValue) and _owns_weights(value))


def _owns_weights(value: OpValue) -> bool:
    return "weight" in ops.get(value.op).inputs or "weight?" in ops.get(value.op).inputs or value.op == "lstm"
