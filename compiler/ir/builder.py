"""Builds graphs, node by node."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .graph import Graph, Node, Origin, Value
from .types import TensorType

#: A node that no text asked for.
NOWHERE = Origin()


class Builder:
    """Collects nodes; `graph` freezes them."""

    def __init__(self) -> None:
        self.inputs: list[Value] = []
        self.nodes: list[Node] = []

    def input(self, type: TensorType, name: str = "") -> Value:
        """A new input."""
        value = Value(type, name)
        self.inputs.append(value)
        return value

    def add(
        self,
        op: str,
        inputs: Sequence[Value],
        types: Sequence[TensorType],
        attrs: Mapping[str, Any] | None = None,
        *,
        layer: str = "",
        origin: Origin = NOWHERE,
        names: Sequence[str] = (),
    ) -> tuple[Value, ...]:
        """Appends a node and gives its outputs, one for each of `types`."""
        outputs = tuple(Value(t, names[i] if i < len(names) else "") for i, t in enumerate(types))
        self.nodes.append(Node(op, tuple(inputs), outputs, MappingProxyType(dict(attrs or {})), layer, origin))
        return outputs

    def name(self, value: Value, name: str) -> None:
        """Gives a value that has no name yet the one the text has for it; only while its graph is being made."""
        if not value.name:
            object.__setattr__(value, "name", name)

    def alone(self, value: Value) -> Graph:
        """The graph of what one constant is computed from."""
        return Graph((), tuple(self.nodes), (value,)).pruned()

    def graph(self, outputs: Sequence[Value], names: Sequence[str] = ()) -> Graph:
        """The graph of what was added."""
        return Graph(tuple(self.inputs), tuple(self.nodes), tuple(outputs), tuple(names))
