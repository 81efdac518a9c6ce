"""Where a target parts from what is right: the first layer that gets the right numbers and makes others of them."""

from collections.abc import Mapping
from typing import NamedTuple

from ...compiler.evaluate import evaluate
from ...compiler.ir.graph import Graph, Node, Value
from ...compiler.ops.base import Array
from .errors import error

#: How far apart, relative to the largest element, counts as different.
FAR = 3e-5


class Seen(NamedTuple):
    """What went into a layer and what came out."""

    taken: Array
    given: Array


def watched(graph: Graph) -> dict[str, Node]:
    """Gives the nodes that are a layer of their own and depend on the image, by the path of the layer."""
    return {node.layer: node for node in graph.nodes if node.layer and node.inputs[0].type.stage == "sample"}


def far(found: Array, right: Array) -> bool:
    """Whether two arrays differ by more than rounding does."""
    return found.size == right.size and error(found.reshape(right.shape), right) > FAR


def first(
    graph: Graph, layers: Mapping[str, Node], seen: Mapping[str, Seen], weights: Mapping[str, Array], images: Array
) -> str | None:
    """Compares what was seen with what numpy computes; gives the path of the first layer at fault, "" for the model's own
    text, None where nothing that was seen is off."""
    right, makers = _right(graph, layers, weights, images), graph.producers()
    for path, node in layers.items():
        if path not in seen:
            continue
        if far(seen[path].taken, right[node.inputs[0]]):
            maker = makers.get(node.inputs[0])
            return "" if maker is None else maker.origin.layer
        if far(seen[path].given, right[node.outputs[0]]):
            return path
    last = makers.get(graph.outputs[0])
    return None if last is None or last.layer in seen else last.origin.layer


def _right(graph: Graph, layers: Mapping[str, Node], weights: Mapping[str, Array], images: Array) -> dict[Value, Array]:
    """What goes into every layer and comes out of it, in numpy."""
    values = tuple({value for node in layers.values() for value in (node.inputs[0], node.outputs[0])})
    arrays = evaluate(Graph(graph.inputs, graph.nodes, values), (images,), weights)
    return dict(zip(values, arrays, strict=True))
