"""What the constructor and the methods of a class have in common."""

from collections.abc import Mapping
from typing import Any

from ...ir.graph import Graph, Node
from ...ir.program import Layer, member
from . import tables
from .groups import Group
from .templates import Path, filled
from .top_level import Names


class View:
    """A group of layers about to be printed as one class; the first layer stands for all."""

    def __init__(self, group: Group, names: Names) -> None:
        self.group, self.names, self.layer = group, names, group.layer
        self.train: tuple[Graph, ...] = self.layer.train if group.description["train"] else ()
        found = tables.named(self.layer)
        self.tables = [found[graph] for graph in self.graphs]

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """The bodies of inference, then those of training where they are others."""
        return self.layer.bodies + self.train

    def path(self, number: int) -> Path:
        """Where the description has one of `graphs`."""
        count = len(self.layer.bodies)
        return ("bodies", number) if number < count else ("train", number - count)

    def attrs(self, path: Path, node: Node) -> Mapping[str, Any]:
        """The attributes of a node, with expressions for what differs between instances."""
        described: Any = self.group.description
        for part in path:
            described = described[part]
        return {**node.attrs, **filled(described, self.group.texts, path)} if not node.is_constant else node.attrs

    def chained(self, path: str) -> bool:
        """Whether a list is only ever run on one tensor from its first member to its last."""
        nodes = [n for graph in self.graphs for n in graph.nodes if _within(n.layer, path) or _within(path, n.layer)]
        return all(_within(path, n.layer) and len(n.inputs) == len(n.outputs) == 1 for n in nodes)

    def by_name(self, path: str) -> bool:
        """Whether a list prints as an `nn.ModuleDict`: not all members are modules, and it is not called as a whole."""
        child = member(self.layer, path)
        if not isinstance(child, tuple):
            return False
        return None in child or (any(isinstance(m, Layer) and m.is_op for m in child) and not self.chained(path))

    def module(self, path: str) -> str:
        """The attribute that holds a layer."""
        first, *rest = path.split(".")
        text, above = f"self.{first}", first
        for index in rest:
            text += f'["{index}"]' if self.by_name(above) else f"[{index}]"
            above += f".{index}"
        return text


def _within(path: str, above: str) -> bool:
    """Whether a path leads to a layer or to something in it."""
    return f"{path}.".startswith(f"{above}.") if above else False
