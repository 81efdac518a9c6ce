"""The one intermediate representation: immutable graphs of primitive ops.

A body of a block and the flattened model are both a `Graph`. Values compare by identity; a pass builds new ones.

Leaves are nodes without inputs:
  `number`    attrs value, dtype                   a scalar of the text
  `constant`  attrs value (a numpy array)          a folded constant
  `weight`    attrs name (a state-dict key below this block), shape, trainable
Inner nodes are primitive ops (`compiler/ops`, where `number` has a file too), and in bodies also
  `call`      attrs layer: runs a child layer, or each member of a child list in order, on the inputs. The results of a
              member replace the first inputs of the next, further inputs go to each. attrs variant: which body of the
              child (a layer called on other shapes has several), for a list one per member.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ...diagnostics.source import Span
from .types import TensorType

Attrs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node comes from: the place in the text, the `fn`s around it (outermost first), and in a flattened graph
    the path of the layer (`blocks.0.attn`)."""

    span: Span | None = None
    functions: tuple[str, ...] = ()
    layer: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A tensor in a graph. `name` is a hint from the text (`q`, `scores`), not unique and possibly empty."""

    type: TensorType
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An op applied to values. `layer` names the bound layer that owns its weights (`fc1`, `proj.0`), where there is one."""

    op: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    attrs: Attrs = field(default_factory=lambda: MappingProxyType({}))
    layer: str = ""
    origin: Origin = Origin()

    @property
    def output(self) -> Value:
        """The only output."""
        (value,) = self.outputs
        return value

    @property
    def is_weight(self) -> bool:
        """Whether it is a stored tensor."""
        return self.op == "weight"

    @property
    def is_constant(self) -> bool:
        """Whether it is a table that was computed."""
        return self.op == "constant"

    @property
    def is_number(self) -> bool:
        """Whether it is a scalar of the text."""
        return self.op == "number"

    @property
    def is_call(self) -> bool:
        """Whether it runs a child layer."""
        return self.op == "call"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Nodes in an order in which each follows what it reads. Results may have names (`logits`)."""

    inputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Value, ...]
    output_names: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the results: those of the text; without them `logits` for one, `output0`, `output1`, … for several."""
        count = len(self.outputs)
        return self.output_names or (("logits",) if count == 1 else tuple(f"output{i}" for i in range(count)))

    def pruned(self) -> "Graph":
        """The graph without the nodes that no result is computed from; itself where there are none."""
        needed = self.needed()
        if len(needed) == len(self.nodes):
            return self
        return replace(self, nodes=tuple(node for node in self.nodes if node in needed))

    def needed(self) -> set[Node]:
        """The nodes that some result is computed from."""
        values, found = set(self.outputs), set[Node]()
        for node in reversed(self.nodes):  # readers come before what they read
            if not values.isdisjoint(node.outputs):
                values.update(node.inputs)
                found.add(node)
        return found

    def producers(self) -> dict[Value, Node]:
        """The node that makes each value."""
        return {value: node for node in self.nodes for value in node.outputs}

    def uses(self) -> dict[Value, list[Node]]:
        """The nodes that read each value, once for every time they do."""
        found: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for value in node.inputs:
                found.setdefault(value, []).append(node)
        return found

    def weights(self) -> Iterator[Node]:
        """The `weight` nodes."""
        return (node for node in self.nodes if node.is_weight)
