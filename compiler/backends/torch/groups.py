"""Which layers share a class: those whose descriptions differ in numbers alone."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...ir.graph import Graph
from ...ir.numbers import plain
from ...ir.program import Child, Layer, Lent, walk_children
from ...reserved import why_reserved
from . import descriptions, tables
from .arguments import Arguments, resolve
from .descriptions import Block, Cycle, Group, Handed, Instance, Listed
from .lists import attribute, by_name
from .naming import RESERVED, first_free
from .templates import Members, filled, mapped, outline, places

#: The longest cycle of classes that is looked for in a list.
CYCLE = 4


def group(root: Layer) -> dict[Layer, Group]:
    """The class of every block below a layer, in the order in which they can be defined."""
    found: dict[Layer, Group] = {}
    # from the inside out: whether two blocks are alike depends on the classes of their parts
    for layers in _levels(root):
        alike: dict[Any, list[tuple[Layer, Block]]] = {}
        for layer in layers:
            description = mapped(_describe(layer, found), lambda leaf, _: plain(leaf))
            alike.setdefault((layer.kind, outline(description)), []).append((layer, description))
        for members in alike.values():
            made = _group(members)
            found.update(dict.fromkeys(made.layers, made))
    return found


def _group(members: list[tuple[Layer, Block]]) -> Group:
    layers = [layer for layer, _ in members]
    known = [{name: plain(value) for name, value in layer.params.items()} for layer in layers]
    arguments = Arguments(known, _taken(layers[0]))
    texts = resolve([places(description) for _, description in members], arguments)
    return Group(layers, filled(members[0][1], texts), arguments, {layer: i for i, layer in enumerate(layers)})


def _taken(layer: Layer) -> Callable[[str], bool]:
    """Names that a constructor argument cannot have, as it may become an attribute."""
    names = {*layer.children, *layer.weights, *handed(layer).values(), *RESERVED}
    names |= {name for found in tables.named(layer).values() for name in found.values()}
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
    return [inner for _, inner in walk_children(tuple(layer.children.values()), "") if not inner.is_op]


def _describe(layer: Layer, groups: Mapping[Layer, Group]) -> Block:
    alike = all(a is b or _same_text(a, b) for a, b in zip(layer.bodies, layer.train, strict=True))
    return Block(
        {name: descriptions.weight(spec) for name, spec in layer.weights.items()},
        {name: _child(layer.children[name], name, layer, groups) for name in _ordered(layer)},
        tuple(descriptions.body(graph) for graph in layer.bodies),
        tuple(descriptions.body(graph) for graph in (() if alike else layer.train)),
    )


def _same_text(a: Graph, b: Graph) -> bool:
    """Whether two bodies print as the same text, whatever shapes pass through them."""
    return descriptions.body(a) == descriptions.body(b)


def _ordered(layer: Layer) -> list[str]:
    """The children, those first that others are made with."""
    first = {path.partition(".")[0] for path in layer.shares.values()}
    return sorted(layer.children, key=lambda name: name not in first)


def handed(layer: Layer) -> dict[str, str]:
    """The constructor arguments for layers of other blocks, by the paths at which they stand."""
    names: dict[Lent, str] = {}
    for path, lent in layer.borrows.items():
        if lent not in names:
            last = path.rpartition(".")[2]
            names[lent] = first_free(lent.name if last.isdigit() else last, lambda name: name in names.values())
    return {path: names[lent] for path, lent in layer.borrows.items()}


def _source(path: str, layer: Layer) -> str:
    """A shared layer as an expression in the constructor of a block that has it at `path`."""
    if path not in layer.shares:
        return handed(layer)[path]
    return attribute(layer, layer.shares[path])


def _child(child: Child, path: str, layer: Layer, groups: Mapping[Layer, Group]) -> descriptions.Child:
    if child is None:
        return None
    if isinstance(child, tuple):
        return Listed(tuple(_run(*run, layer, groups) for run in _runs(child, path, layer, groups)))
    if path in layer.borrows or path in layer.shares:
        return Handed(_source(path, layer))
    if child.is_op:
        return descriptions.op_layer(child)
    return Instance(groups[child], groups[child].given(child), _modules(child, path, layer))


def _modules(child: Layer, path: str, layer: Layer) -> dict[str, str]:
    """The layers that a child is made with."""
    return {name: _source(f"{path}.{inner}", layer) for inner, name in handed(child).items()}


Run = tuple[tuple[tuple[str, Child], ...], int]


def _runs(child: tuple[Child, ...], path: str, layer: Layer, groups: Mapping[Layer, Group]) -> list[Run]:
    """A list as parts that repeat a cycle of classes, each with the length of its cycle (0: a single member)."""
    members = tuple((f"{path}.{i}", m) for i, m in enumerate(child))
    if by_name(layer, path):
        return [((one,), 0) for one in members]
    keys = [_alike(m, at, layer, groups) for at, m in members]
    # the shortest cycle that the whole list repeats (global and local attention in turn), else runs of one class
    for cycle in range(1, min(CYCLE, len(keys)) + 1 if all(isinstance(key, tuple) for key in keys) else 1):
        if len(keys) % cycle == 0 and all(key == keys[i % cycle] for i, key in enumerate(keys)):
            return [(members, cycle)]
    runs: list[Run] = []
    start = 0
    for i in range(1, len(keys) + 1):
        if i == len(keys) or keys[i] != keys[start]:
            runs.append((members[start:i], 1 if i - start > 1 else 0))
            start = i
    return runs


def _alike(member: Child, path: str, layer: Layer, groups: Mapping[Layer, Group]) -> object:
    """What members of a comprehension have in common; nothing for what can't stand in one."""
    if not isinstance(member, Layer) or member.is_op or path in layer.borrows or path in layer.shares:
        return object()
    return groups[member], _modules(member, path, layer)


def _run(
    members: tuple[tuple[str, Child], ...], cycle: int, layer: Layer, groups: Mapping[Layer, Group]
) -> descriptions.Child | Cycle:
    if cycle == 0:
        return _child(members[0][1], members[0][0], layer, groups)
    parts: list[Instance] = []
    for first in range(cycle):
        layers = [m for _, m in members[first::cycle] if isinstance(m, Layer)]
        owner = groups[layers[0]]
        given = [owner.given(inner) for inner in layers]
        args = {name: Members(tuple(values[name] for values in given)) for name in given[0]}
        parts.append(Instance(owner, args, _modules(layers[0], members[first][0], layer)))
    return Cycle(tuple(parts), len(members) // cycle)
