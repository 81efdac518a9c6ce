"""A program: the tree of layers, each with its body as a small graph, and the rules that make its weights.

Layers are immutable and know nothing of where they stand: equal ones are one object, `blocks` of a ViT is twelve times
the same. A path (`blocks.3.attn`) exists only on the way down from the root.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...diagnostics.source import Span
from ..configuration import Section
from .graph import Graph
from .types import DType


@dataclass(frozen=True, slots=True)
class Draw:
    """A distribution: `normal` (std), `trunc_normal` (std, cut at two of them), `uniform` (low, high)."""

    kind: str
    args: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """An initialiser that is computed: a graph without inputs and weights, which may hold random ops."""

    graph: Graph


#: A number fills the tensor.
Init = float | Draw | Table


@dataclass(frozen=True, slots=True)
class WeightSpec:
    """A stored tensor. `trainable` is false for `state` (saved and loaded, not trained, not in `params`)."""

    shape: tuple[int, ...]
    init: Init = 0.0
    trainable: bool = True
    dtype: DType = "float"
    #: The section `init` gives the initialiser, in place of the op's own.
    chosen: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Lent:
    """A layer that is handed from the block that owns it into others; `name` is what it is called there first."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A block (or an op that owns weights) with all its values known.

    `kind`: the name of the block or op. `is_op`: an op; its only node stands in the parent's body with `layer` set.
    `params`: the values of the block's parameters and shape names that are numbers, words or booleans, in the order of
    the text: from them printed code takes its constructor arguments.
    `children`: the bound layers in the order of the text. A list of layers is a tuple, lists may nest, None stands for a
    member without weights of its own (`relu` in a list, whose place still counts).
    `weights`: tensors bound directly in this block. `attrs`: for an op, its attributes.
    `bodies`: inference, one for each set of argument types it was called with; `train`: the same under `training`, the
    very same graphs where nothing tests it.
    `borrows`: paths below this layer at which another block's layer stands. `shares`: paths below it that are second names
    of a layer of its own, with the first.
    """

    kind: str
    is_op: bool = False
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    children: "Mapping[str, Child]" = field(default_factory=dict[str, "Child"])
    weights: Mapping[str, WeightSpec] = field(default_factory=dict[str, WeightSpec])
    attrs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    bodies: tuple[Graph, ...] = ()
    train: tuple[Graph, ...] = ()
    span: Span | None = None
    borrows: Mapping[str, Lent] = field(default_factory=dict[str, Lent])
    shares: Mapping[str, str] = field(default_factory=dict[str, str])


Child = Layer | None | tuple["Child", ...]


def join(path: str, name: str) -> str:
    """The path of what is called `name` below a layer; the root's own path is empty."""
    return f"{path}.{name}" if path else name


def member(layer: Layer, path: str) -> Child:
    """What stands below a layer at a path that is there: `proj.0`, `blocks.3.attn`."""
    child: Child = layer
    for name in path.split("."):
        if isinstance(child, Layer):
            child = child.children[name]
        else:
            assert child is not None
            child = child[int(name)]
    return child


def mapped(child: Child, change: Callable[[Layer, str], Layer], path: str = "") -> Child:
    """A child with `change` made of the layer, or of each layer of the list, that it is; `change` hears the path too."""
    if isinstance(child, tuple):
        return tuple(mapped(member, change, join(path, str(index))) for index, member in enumerate(child))
    return None if child is None else change(child, path)


def walk_children(child: Child, path: str) -> Iterator[tuple[str, Layer]]:
    """The layers at and inside a child that is a list, each with its path; not what they hold."""
    if isinstance(child, tuple):
        for index, member in enumerate(child):
            yield from walk_children(member, f"{path}.{index}")
    elif child is not None:
        yield path, child


def walk(layer: Layer, path: str = "") -> Iterator[tuple[str, Layer]]:
    """A layer and all below it, each with its path, in the order of the text."""
    yield path, layer
    for name, child in layer.children.items():
        for inner, below in walk_children(child, join(path, name)):
            yield from walk(below, inner)


def walk_weights(layer: Layer) -> Iterator[tuple[str, WeightSpec]]:
    """Every weight below a layer with its name from there: its own first, then its children's."""
    for path, inner in walk(layer):
        for name, spec in inner.weights.items():
            yield join(path, name), spec


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A model, elaborated. `aliases` maps a second path of a shared layer to its first."""

    name: str
    root: Layer
    sections: Mapping[str, Section] = field(default_factory=dict[str, Section])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])

    def weights(self) -> dict[str, WeightSpec]:
        """Every stored tensor by its state-dict key, in the order of the text, shared ones once, under their first name."""
        return {name: spec for name, spec in walk_weights(self.root) if self.canonical(name) == name}

    def canonical(self, name: str) -> str:
        """The first name of a weight that may stand in a shared layer."""
        parts = name.split(".") if self.aliases else []
        for length in range(1, len(parts)):
            first = self.aliases.get(".".join(parts[:length]))
            if first is not None:
                return self.canonical(".".join([first, *parts[length:]]))
        return name


def aliases(layer: Layer) -> Iterator[tuple[str, str]]:
    """Second paths of the shared layers below a layer, each with the first."""
    yield from layer.shares.items()
    for name, child in layer.children.items():
        for path, inner in walk_children(child, name):
            if path not in layer.shares:
                yield from ((f"{path}.{second}", f"{path}.{first}") for second, first in aliases(inner))
