"""From a program to one graph: calls inlined, weights named by their state-dict keys.

Types are inferred again on the way: a constant handed to a layer is shared inside of it and a constant again here.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from . import ops
from .ir.builder import Builder
from .ir.graph import Graph, Node, Value
from .ir.program import Child, Layer, Program, join, member
from .ir.types import TensorType


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A block that was run: the path at which it stands, and what went in and came out in the flattened graph."""

    path: str
    layer: Layer
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def flatten(program: Program, *, training: bool = False, ran: Callable[[Call], None] = lambda call: None) -> Graph:
    """The graph of the model in one mode, with all of its results by name. `ran` hears of every block."""
    flattener = _Flattener(program, ran, training)
    body = _bodies(program.root, training)[0]
    inputs = [flattener.builder.input(value.type, value.name) for value in body.inputs]
    outputs = flattener.inline(program.root, 0, inputs, "")
    return flattener.builder.graph(outputs, body.names)


def served(graph: Graph, besides: Collection[str] = ()) -> Graph:
    """The graph with the first result, which is the one that is served, and those of these names, in the order of the text."""
    kept = [i for i, name in enumerate(graph.names) if i == 0 or name in besides]
    return replace(
        graph, outputs=tuple(graph.outputs[i] for i in kept), output_names=tuple(graph.names[i] for i in kept)
    )


def _bodies(layer: Layer, training: bool) -> tuple[Graph, ...]:
    return layer.train if training else layer.bodies


class _Flattener:
    def __init__(self, program: Program, ran: Callable[[Call], None], training: bool) -> None:
        self.program, self.ran, self.training, self.builder = program, ran, training, Builder()
        self.weights: dict[str, Value] = {}

    def inline(self, layer: Layer, variant: int, inputs: Sequence[Value], path: str) -> list[Value]:
        """The nodes of one body with its inputs in place; gives its results."""
        body = _bodies(layer, self.training)[variant]
        here = dict(zip(body.inputs, inputs, strict=True))
        for node in body.nodes:
            operands = [here[value] for value in node.inputs]
            if node.is_call:
                outs = self._call(layer, node, operands, path)
            elif node.is_weight:
                outs = [self._weight(node, path)]
            else:
                outs = self._op(node, operands, path)
            here.update(zip(node.outputs, outs, strict=True))
        results = [here[value] for value in body.outputs]
        self.ran(Call(path, layer, tuple(inputs), tuple(results)))
        return results

    def _call(self, layer: Layer, node: Node, operands: list[Value], path: str) -> list[Value]:
        return self._run(member(layer, node.layer), node.attrs["variant"], operands, join(path, node.layer))

    def _run(self, child: Child, variant: int | tuple[int, ...], operands: list[Value], path: str) -> list[Value]:
        """A layer, or the members of a list in order."""
        if isinstance(child, Layer):
            assert isinstance(variant, int)
            return self.inline(child, variant, operands, path)
        assert isinstance(child, tuple) and isinstance(variant, tuple)
        results: list[Value] = []
        for index, (inner, which) in enumerate(zip(child, variant, strict=True)):
            results = self._run(inner, which, operands, f"{path}.{index}")
            operands = [*results, *operands[len(results) :]]
        return results

    def _weight(self, node: Node, path: str) -> Value:
        """One leaf for each key, however often it is read."""
        # a shared layer has one set of weights, under the name that the state dict lists first
        name = self.program.canonical(join(path, node.attrs["name"]))
        if name not in self.weights:
            (value,) = self.builder.add(
                "weight", (), (node.output.type,), {**node.attrs, "name": name}, names=(node.output.name,)
            )
            self.weights[name] = value
        return self.weights[name]

    def _op(self, node: Node, operands: list[Value], path: str) -> list[Value]:
        types: tuple[TensorType, ...] = ops.get(node.op).infer(tuple(v.type for v in operands), node.attrs)
        names = [value.name for value in node.outputs]
        layer = join(path, node.layer) if node.layer else ""
        origin = replace(node.origin, layer=layer or path)
        return list(self.builder.add(node.op, operands, types, node.attrs, layer=layer, origin=origin, names=names))
