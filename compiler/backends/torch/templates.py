"""What instances of a block have in common: a description of each layer in which numbers stand at known places.

Layers whose descriptions differ in numbers alone share a class. A place is a path such as
`("nodes", 0, 4, "attrs", "sizes", 1)`; the class prints a number that is equal in all its instances as it is and makes
constructor arguments of the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

from ... import ops
from ...ir.graph import Graph, Node, Value
from ...ir.program import Draw, Layer, Table, WeightSpec
from ...ops.drawing import drawing

Path = tuple[Any, ...]


class Name(str):
    """A variable in an expression: a constructor argument, or INDEX."""

    __slots__ = ()


#: The place of a member in its list.
INDEX = Name("i")


class Text(str):
    """An expression that stands for a number; prints itself wherever a number would. `parts` are its variables, and the
    text between them."""

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> "Text":
        """The parts in order; an expression among them stands for its own."""
        made = super().__new__(cls, "".join(parts))
        made.parts = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Text) else (part,)))
        return made

    def __repr__(self) -> str:
        return str(self)

    @property
    def names(self) -> set[str]:
        """Its variables."""
        return {part for part in self.parts if isinstance(part, Name)}

    def replaced(self, change: Callable[[str], str]) -> "Text":
        """The expression with others for its variables."""
        return Text(*(change(part) if isinstance(part, Name) else part for part in self.parts))


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


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What stands in the mappings and tuples of a description, with its path."""
    if isinstance(value, Mapping):
        inside = cast("Iterable[tuple[Any, Any]]", value.items())
    elif isinstance(value, tuple):
        inside = enumerate(cast("tuple[Any, ...]", value))
    else:
        yield path, value
        return
    for key, item in inside:
        yield from leaves(item, (*path, key))


def mapped(value: Any, change: Callable[[Any, Path], Any], path: Path = ()) -> Any:
    """A description with something else in the place of each leaf."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {key: mapped(item, change, (*path, key)) for key, item in entries.items()}
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        return tuple(mapped(item, change, (*path, index)) for index, item in enumerate(items))
    return change(value, path)


def varies(leaf: Any) -> bool:
    """Whether a leaf may be another in another layer of the class: a number, or a list's argument."""
    return isinstance(leaf, Members) or (isinstance(leaf, (int, float)) and not isinstance(leaf, bool))


def places(value: Any) -> dict[Path, Any]:
    """The leaves of a description that may vary, by their paths."""
    return {path: leaf for path, leaf in leaves(value) if varies(leaf)}


def outline(value: Any) -> tuple[tuple[Path, Any], ...]:
    """A description without what may vary: equal for layers that can share a class."""
    return tuple((path, _kind(leaf) if varies(leaf) else leaf) for path, leaf in leaves(value))


def _kind(leaf: object) -> type[object]:
    return type(leaf)


def filled(value: Any, texts: Mapping[Path, Any], path: Path = ()) -> Any:
    """A part of a description, which stands at `path`, with expressions in the places of its numbers."""
    return mapped(value, lambda leaf, at: leaf.value if isinstance(leaf, Fixed) else texts.get(at, leaf), path)


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
        several = isinstance(variant, tuple) and len(set(variant)) > 1  # type: ignore[reportUnknownArgumentType] -- of numbers
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
