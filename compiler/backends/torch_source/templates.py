"""What instances of a block have in common: a description of each layer in which numbers stand at known places.

Layers whose descriptions differ in numbers alone share a class. A place is a path such as
`("nodes", 0, 4, "attrs", "sizes", 1)`; the class prints a number that is equal in all its instances as it is and makes
constructor arguments of the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.program import Draw, Layer, Table, WeightSpec
from ...ops.drawing import drawing

Path = tuple[Any, ...]


class Text(str):
    """An expression that stands for a number; prints itself wherever a number would."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def literal(value: Any) -> Any:
    """A value as Python writes it: infinity has no literal of its own."""
    if isinstance(value, float) and not isfinite(value):
        return Text(f'float("{value}")')
    return value


@dataclass(frozen=True, slots=True)
class Fixed:
    """A part of a description that must be equal: an axis, a name, the way nodes are wired."""

    value: Any


@dataclass(frozen=True, slots=True)
class Members:
    """The values of one argument over the members of a list, which may be of any length."""

    values: tuple[Any, ...]


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The numbers (and lists' arguments) of a description with their paths."""
    if isinstance(value, Mapping):
        for key, item in value.items():  # type: ignore[reportUnknownVariableType]
            yield from places(item, (*path, key))  # type: ignore[reportUnknownArgumentType]
    elif isinstance(value, tuple):
        for index, item in enumerate(value):  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]
            yield from places(item, (*path, index))
    elif isinstance(value, Members) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        yield path, value


def outline(value: Any) -> Any:
    """A description without its numbers: equal for layers that can share a class."""
    if isinstance(value, Mapping):
        return tuple((key, outline(item)) for key, item in value.items())  # type: ignore[reportUnknownVariableType]
    if isinstance(value, tuple):
        return tuple(outline(item) for item in value)  # type: ignore[reportUnknownVariableType]
    if isinstance(value, Members):
        return Members
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return type(value)
    return value


def filled(value: Any, texts: Mapping[Path, Any], path: Path = ()) -> Any:
    """A part of a description with expressions in the places of its numbers."""
    if isinstance(value, Mapping):
        return {key: filled(item, texts, (*path, key)) for key, item in value.items()}  # type: ignore[reportUnknownVariableType]
    if isinstance(value, tuple):
        return tuple(filled(item, texts, (*path, i)) for i, item in enumerate(value))  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    if isinstance(value, Fixed):
        return value.value
    return texts.get(path, value)


# ---- descriptions ----------------------------------------------------------------------------------------------------


def weight(spec: WeightSpec) -> dict[str, Any]:
    """A stored tensor."""
    init: Any = spec.init
    if isinstance(init, Draw):
        op, attrs = drawing(init)
        init = {"kind": Fixed(op.name), "args": attrs}
    elif isinstance(init, Table):
        init = {"nodes": body(init.graph)}
    return {"shape": spec.shape, "init": init, "trainable": spec.trainable, "dtype": spec.dtype}


def op_layer(layer: Layer) -> dict[str, Any]:
    """A layer of one op."""
    return {
        "kind": Fixed(layer.kind),
        "attrs": attributes(layer.kind, layer.attrs),
        "weights": {name: spec.shape for name, spec in layer.weights.items()},
        "chosen": {name: weight(spec) for name, spec in layer.weights.items() if spec.chosen},
    }


def attributes(op: str, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of an op: what its printed form depends on is fixed."""
    free = {param.name for param in ops.get(op).params if not param.structural}
    return {name: value if name in free else Fixed(value) for name, value in attrs.items()}


def body(graph: Graph) -> tuple[Any, ...]:
    """The nodes of a body and how they are wired."""
    at: dict[Value, tuple[str | int, int]] = {value: ("in", i) for i, value in enumerate(graph.inputs)}
    found: list[Any] = []
    for index, node in enumerate(graph.nodes):
        for i, value in enumerate(node.outputs):
            at[value] = (index, i)
        wires = tuple(at[value] for value in node.inputs)
        kinds = tuple((v.type.rank, v.type.dtype, v.type.stage, v.name) for v in node.outputs)
        found.append({"op": node.op, "wires": Fixed((wires, kinds, node.layer)), "attrs": _node_attrs(node)})
    return (*found, Fixed(tuple(at[value] for value in graph.outputs)))


def _node_attrs(node: Node) -> dict[str, Any]:
    if node.is_call:
        variant = node.attrs["variant"]
        several = isinstance(variant, tuple) and len(set(variant)) > 1  # type: ignore[reportUnknownArgumentType]
        return {"layer": node.attrs["layer"], "variant": Fixed(variant if several else _first(variant))}
    if node.is_weight:
        return {"name": node.attrs["name"]}
    if node.is_constant:
        value = node.attrs["value"]
        return {"value": Fixed((value.shape, str(value.dtype), value.tobytes()))}
    return attributes(node.op, node.attrs)


def _first(variant: Any) -> Any:
    while isinstance(variant, tuple) and variant:
        variant = cast(Any, variant[0])
    return cast(Any, variant)
