"""One row for each layer, and for each weight that a block with layers owns itself: what it is, what it gives, what it
costs, how much of the image it sees."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..flatten import Call, flatten, served
from ..ir.graph import Graph, Node, Value
from ..ir.program import Layer, Program, join, walk
from . import activations, macs
from .parameters import below, by_weight
from .receptive import boxes, extent


@dataclass(frozen=True, slots=True)
class Row:
    """A layer with all that is inside of it, over all of its calls; shapes without the batch axis. `field` is the receptive
    field (height, width) in pixels, None where it was not computed; `activations` are bytes.

    The kind of a weight is `weight`, or `state` where it is not trained. It has no calls; nor
    has a shared layer at its first name where it runs under others alone.
    """

    path: str
    kind: str
    calls: int
    outputs: tuple[tuple[int, ...], ...]
    params: int
    macs: int
    activations: int
    field: tuple[int, int] | None


class Trace(NamedTuple):
    """A flattened graph, and what each layer gave: all of its results by path, one tuple for each call."""

    graph: Graph
    results: dict[str, list[tuple[Value, ...]]]


def traced(program: Program) -> Trace:
    """The graph of inference as the text says it, before the passes that look across layers."""
    results: dict[str, list[tuple[Value, ...]]] = {}

    def ran(call: Call) -> None:
        results.setdefault(call.path, []).append(call.outputs)

    graph = flatten(program, ran=ran)
    for node in graph.nodes:
        if node.layer:
            results.setdefault(node.layer, []).append(node.outputs)
    return Trace(graph, results)


def layers(program: Program, trace: Trace, exported: Collection[str] = ()) -> tuple[Row, ...]:
    """The model itself (path "") and every layer that runs, in the order of the text. The parameters of the
    rows that have no other row inside of them add up to the model's; a shared weight counts at its first name. Costs are
    those of the results that are `exported`."""
    sizes, fields = by_weight(program), _fields(trace)
    costs, kept = _sums(served(trace.graph, exported).needed())
    # a layer that is shared may run under its second names alone, where its costs are; its weights are at the first
    shared = {program.canonical(f"{path}.").removesuffix("."): calls for path, calls in trace.results.items()}
    rows: list[Row] = []
    for path, layer in walk(program.root):
        calls = trace.results.get(path, [])
        if given := calls or shared.get(path):
            shapes, params = tuple(value.type.shape for value in given[0]), below(sizes, path)
            rows.append(Row(path, layer.kind, len(calls), shapes, params, costs[path], kept[path], fields.get(path)))
        if layer.children:
            rows += _own(layer, path, sizes)
    return tuple(rows)


def _own(layer: Layer, path: str, sizes: dict[str, int]) -> Iterator[Row]:
    """The weights that a block owns besides those of its layers."""
    for name, spec in layer.weights.items():
        full, kind = join(path, name), "weight" if spec.trainable else "state"
        yield Row(full, kind, 0, (spec.shape,), sizes.get(full, 0), 0, 0, None)


def _sums(nodes: Iterable[Node]) -> tuple[Counter[str], Counter[str]]:
    """MACs and bytes of each layer with all that is inside of it."""
    costs, kept = Counter[str](), Counter[str]()
    for node in nodes:
        for path in _around(node):
            costs[path] += macs.of(node)
            kept[path] += activations.of(node)
    return costs, kept


def _around(node: Node) -> Iterator[str]:
    """The paths of the layers that a node is part of."""
    parts = node.origin.layer.split(".") if node.origin.layer else []
    for count in range(len(parts) + 1):
        yield ".".join(parts[:count])


def _fields(trace: Trace) -> dict[str, tuple[int, int]]:
    """The largest field of each layer's results."""
    owners: dict[Value, list[str]] = {}
    for path, calls in trace.results.items():
        for value in {value for call in calls for value in call}:
            owners.setdefault(value, []).append(path)
    found: dict[str, tuple[int, int]] = {}
    for value, seen in boxes(trace.graph):
        for path in owners.get(value, ()):
            height, width = extent(seen)
            before = found.get(path, (0, 0))
            found[path] = (max(before[0], height), max(before[1], width))
    return found
