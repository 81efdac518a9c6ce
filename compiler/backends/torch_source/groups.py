"""Which layers share a class: those whose descriptions differ in numbers alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...ir.program import Child, Layer
from ...ir.reserved import why_reserved
from . import tables, templates
from .arguments import Arguments, resolve
from .bodies import RESERVED
from .templates import Fixed, Members, Path

#: The longest cycle of classes that is looked for in a list.
CYCLE = 4


@dataclass(eq=False)
class Group:
    """Layers of one class; the first stands for all. `texts` has an expression for every number of `description`."""

    layers: list[Layer]
    description: Mapping[str, Any]
    arguments: Arguments
    texts: dict[Path, Any]
    index: dict[Layer, int] = field(default_factory=dict["Layer", int])

    @property
    def layer(self) -> Layer:
        """The layer that stands for all."""
        return self.layers[0]

    def given(self, layer: Layer) -> dict[str, Any]:
        """The constructor arguments of an instance."""
        return {name: vector[self.index[layer]] for name, vector in self.arguments.vectors.items()}


def group(root: Layer) -> dict[Layer, Group]:
    """The class of every block below a layer, in the order in which they can be defined."""
    found: dict[Layer, Group] = {}
    for layers in _levels(root):
        alike: dict[Any, list[tuple[Layer, Mapping[str, Any]]]] = {}
        for layer in layers:
            description = _describe(layer, found)
            alike.setdefault((layer.kind, templates.outline(description)), []).append((layer, description))
        for members in alike.values():
            made = _group(members)
            found.update(dict.fromkeys(made.layers, made))
    return found


def _group(members: list[tuple[Layer, Mapping[str, Any]]]) -> Group:
    layers = [layer for layer, _ in members]
    arguments = Arguments([layer.params for layer in layers], _taken(layers[0]))
    texts = resolve([dict(templates.places(description)) for _, description in members], arguments)
    return Group(layers, members[0][1], arguments, texts, {layer: i for i, layer in enumerate(layers)})


def _taken(layer: Layer) -> Callable[[str], bool]:
    """Names that a constructor argument cannot have, as it may become an attribute."""
    names = {*layer.children, *layer.weights, *RESERVED}
    for body in layer.bodies:
        names |= set(tables.frontier(body).values())
    return lambda name: name in names or not name.isidentifier() or bool(why_reserved(name))


def _levels(root: Layer) -> Iterator[list[Layer]]:
    """Blocks from those that hold none to the root."""
    height: dict[Layer, int] = {}

    def visit(layer: Layer) -> int:
        if layer not in height:
            inner = [visit(child) for child in blocks(layer)]
            height[layer] = 1 + max(inner, default=0)
        return height[layer]

    for level in range(1, visit(root) + 1):
        yield [layer for layer, h in height.items() if h == level]


def blocks(layer: Layer) -> list[Layer]:
    """The blocks directly in a layer, those in lists too."""
    return [child for child in _members(tuple(layer.children.values())) if not child.is_op]


def _members(child: Child) -> Iterator[Layer]:
    if isinstance(child, tuple):
        for member in child:
            yield from _members(member)
    elif child is not None:
        yield child


def _describe(layer: Layer, groups: Mapping[Layer, Group]) -> dict[str, Any]:
    train = () if all(a is b for a, b in zip(layer.bodies, layer.train, strict=True)) else layer.train
    return {
        "weights": {name: templates.weight(spec) for name, spec in layer.weights.items()},
        "children": {name: _child(child, groups) for name, child in layer.children.items()},
        "bodies": tuple(templates.body(graph) for graph in layer.bodies),
        "train": tuple(templates.body(graph) for graph in train),
    }


def _child(child: Child, groups: Mapping[Layer, Group]) -> Any:
    if child is None:
        return None
    if isinstance(child, tuple):
        return {"runs": tuple(_run(*run, groups) for run in _runs(child, groups))}
    if child.is_op:
        return templates.op_layer(child)
    return {"class": Fixed(groups[child]), "args": groups[child].given(child)}


def _runs(members: tuple[Child, ...], groups: Mapping[Layer, Group]) -> list[tuple[tuple[Child, ...], int]]:
    """A list as parts that repeat a cycle of classes, each with the length of its cycle (0: a single member)."""
    keys = [groups[m] if isinstance(m, Layer) and not m.is_op else object() for m in members]
    for cycle in range(1, min(CYCLE, len(keys)) + 1 if all(isinstance(key, Group) for key in keys) else 1):
        if len(keys) % cycle == 0 and all(key is keys[i % cycle] for i, key in enumerate(keys)):
            return [(members, cycle)]
    runs: list[tuple[tuple[Child, ...], int]] = []
    start = 0
    for i in range(1, len(keys) + 1):
        if i == len(keys) or keys[i] is not keys[start]:
            runs.append((members[start:i], 1 if i - start > 1 else 0))
            start = i
    return runs


def _run(members: tuple[Child, ...], cycle: int, groups: Mapping[Layer, Group]) -> Any:
    if cycle == 0:
        return _child(members[0], groups)
    parts: list[Any] = []
    for first in range(cycle):
        layers = [m for m in members[first::cycle] if isinstance(m, Layer)]
        owner = groups[layers[0]]
        given = [owner.given(layer) for layer in layers]
        args = {name: Members(tuple(values[name] for values in given)) for name in given[0]}
        parts.append({"class": Fixed(owner), "args": args})
    return {"cycle": tuple(parts), "count": len(members) // cycle}
