"""What a class prints: the description of a layer, and the group of layers that share a class.

Layers whose descriptions differ in numbers alone share a class: it prints a number that is equal in all its instances as it
is, and makes constructor arguments of the others. A group's description has expressions in the places of its numbers; hence
`Any` for whatever can be a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.program import Draw, Layer, Table, WeightSpec
from ...ops.drawing import drawing
from .arguments import Arguments
from .templates import Fixed, Part, Text


@dataclass(frozen=True, slots=True)
class Step(Part):
    """A node of a body: its op, how it is wired, its attributes."""

    op: str
    wires: Fixed
    attrs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Body(Part):
    """A graph: its nodes in order, and which values it returns."""

    nodes: tuple[Step, ...]
    outputs: Fixed


@dataclass(frozen=True, slots=True)
class Drawn(Part):
    """The op that draws a weight."""

    kind: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Weight(Part):
    """A stored tensor, drawn, computed or filled with a number."""

    shape: tuple[Any, ...]
    init: "Drawn | Body | Any"
    trainable: bool
    dtype: str


@dataclass(frozen=True, slots=True)
class OpLayer(Part):
    """A layer of one op. `weights` has their shapes, `chosen` those that the section `init` gives an initialiser."""

    kind: str
    attrs: Mapping[str, Any]
    weights: Mapping[str, tuple[Any, ...]]
    chosen: Mapping[str, Weight]


@dataclass(frozen=True, slots=True)
class Handed(Part):
    """A layer that stands elsewhere too; `source` is the expression that names it in the constructor."""

    source: str


@dataclass(frozen=True, slots=True)
class Instance(Part):
    """A block: its class, its constructor arguments, and the layers that it is handed, by the names of their arguments."""

    group: "Group"
    args: Mapping[str, Any]
    modules: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cycle(Part):
    """Members of a list that repeat: instances in turn, `count` times."""

    parts: tuple[Instance, ...]
    count: int | Text


@dataclass(frozen=True, slots=True)
class Listed(Part):
    """A list of layers; one or more members each."""

    runs: "tuple[Child | Cycle, ...]"


#: None is a member without weights of its own, whose place still counts.
Child = OpLayer | Handed | Instance | Listed | None


@dataclass(frozen=True, slots=True)
class Block(Part):
    """A layer. `train` is empty where training runs the same statements."""

    weights: Mapping[str, Weight]
    children: Mapping[str, Child]
    bodies: tuple[Body, ...]
    train: tuple[Body, ...]


@dataclass(eq=False)
class Group:
    """Layers of one class; the first stands for all. `description` has expressions in the places of its numbers."""

    layers: list[Layer]
    description: Block
    arguments: Arguments
    index: dict[Layer, int] = field(default_factory=dict["Layer", int])

    @property
    def layer(self) -> Layer:
        """The layer that stands for all."""
        return self.layers[0]

    def given(self, layer: Layer) -> dict[str, Any]:
        """The constructor arguments of an instance."""
        return {name: vector[self.index[layer]] for name, vector in self.arguments.vectors.items()}


def weight(spec: WeightSpec) -> Weight:
    """Describes a stored tensor."""
    init: Any = spec.init
    if isinstance(init, Draw):
        op, attrs = drawing(init)
        init = Drawn(op.name, attrs)
    elif isinstance(init, Table):
        init = body(init.graph)
    return Weight(spec.shape, init, spec.trainable, spec.dtype)


def op_layer(layer: Layer) -> OpLayer:
    """Describes a layer of one op."""
    return OpLayer(
        layer.kind,
        _attributes(layer.kind, layer.attrs),
        {name: spec.shape for name, spec in layer.weights.items()},
        {name: weight(spec) for name, spec in layer.weights.items() if spec.chosen},
    )


def body(graph: Graph) -> Body:
    """Describes the nodes of a body and how they are wired."""
    at: dict[Value, tuple[str | int, int]] = {value: ("in", i) for i, value in enumerate(graph.inputs)}
    found: list[Step] = []
    for index, node in enumerate(graph.nodes):
        for i, value in enumerate(node.outputs):
            at[value] = (index, i)
        wires = tuple(at[value] for value in node.inputs)
        kinds = tuple((v.type.rank, v.type.dtype, v.type.stage, v.name) for v in node.outputs)
        found.append(Step(node.op, Fixed((wires, kinds, node.layer)), _node_attrs(node)))
    return Body(tuple(found), Fixed(tuple(at[value] for value in graph.outputs)))


def printed(step: Step, node: Node) -> Mapping[str, Any]:
    """Gives the attributes of a node, with expressions for what differs between instances."""
    return node.attrs if node.is_constant else {**node.attrs, **step.attrs}


def _attributes(op: str, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of an op: what its printed form depends on is fixed."""
    free = {param.name for param in ops.get(op).params if not param.structural}
    return {name: value if name in free else Fixed(value) for name, value in attrs.items()}


def _node_attrs(node: Node) -> dict[str, Any]:
    if node.is_call:
        variant = node.attrs["variant"]
        several = isinstance(variant, tuple) and len(set(variant)) > 1  # type: ignore[reportUnknownArgumentType] -- of numbers
        return {"layer": node.attrs["layer"], "variant": Fixed(variant if several else _first(variant))}
    if node.is_weight:
        return {"name": node.attrs["name"]}
    if node.is_constant:
        value = node.attrs["value"]
        return {"value": Fixed((value.shape, str(value.dtype), value.tobytes()))}
    return _attributes(node.op, node.attrs)


def _first(variant: Any) -> Any:
    while isinstance(variant, tuple) and variant:
        variant = cast(Any, variant[0])
    return cast(Any, variant)
