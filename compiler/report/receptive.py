"""Receptive fields: which pixels of the image an element of a tensor can see.

Every op says how the boxes of its results come from those of its operands (`reach`); the boxes of the image's own pixels
are the pixels. A box is the smallest that holds all the pixels seen, which may lie apart inside of it (dilated, strided).
A mask on attention counts: what it keeps apart does not see each other.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from .. import ops
from ..evaluate import evaluate
from ..ir.graph import Graph, Node, Value
from ..ops.base import NOWHERE, SHUT, Array

#: Where one sample's tensor has more elements than this, no boxes are computed: they take 16 bytes each.
LARGEST = 2**25
#: A bias this low leaves a weight of e^-100, nothing in float32.
CLOSED = -100.0


def boxes(graph: Graph) -> Iterator[tuple[Value, Array]]:
    """Every tensor that depends on the image with the boxes of its elements, [4, *shape] (see `NOWHERE`), in order;
    nothing where a tensor is too large."""
    if any(value.type.size > LARGEST for node in graph.nodes for value in node.outputs):
        return
    known = {value: _pixels(value) for value in graph.inputs} | _shut(graph)
    last = {value: index for index, node in enumerate(graph.nodes) for value in node.inputs}
    yield from ((value, known[value]) for value in graph.inputs)
    for index, node in enumerate(graph.nodes):
        if any(value.type.stage == "sample" for value in node.outputs):
            made = dict(zip(node.outputs, _reach(node, known, masked=_masked(node)), strict=True))
            yield from made.items()
            known.update(made)
        for value in node.inputs:  # a box takes 16 bytes: kept no longer than needed
            if last[value] == index:
                known.pop(value, None)


def extent(boxes: Array) -> tuple[int, int]:
    """Height and width in pixels of the largest field among elements; 0 where they see none."""
    repeated = tuple(slice(1) if stride == 0 else slice(None) for stride in boxes.strides)
    top, left, bottom, right = boxes[repeated].astype(np.int64)
    return max(0, int((1 - bottom - top).max())), max(0, int((1 - right - left).max()))


def _pixels(value: Value) -> Array:
    """[4, C, H, W]: each pixel sees itself."""
    rows, columns = np.indices(value.type.shape, np.int32)[-2:]
    return np.stack([rows, columns, -rows, -columns])


def _reach(node: Node, known: Mapping[Value, Array], *, masked: bool) -> tuple[Array, ...]:
    """The boxes of a node's results; `masked`: what does not depend on the image may hold `SHUT`."""
    operands = [known[v] if v in known and (masked or v.type.stage == "sample") else _nowhere(v) for v in node.inputs]
    types, outs = (tuple(value.type for value in values) for values in (node.inputs, node.outputs))
    return ops.get(node.op).reach(operands, types, node.attrs, outs)


def _nowhere(value: Value) -> Array:
    return np.broadcast_to(np.int32(NOWHERE), (4, *value.type.shape))


def _shut(graph: Graph) -> dict[Value, Array]:
    """`SHUT` in tables of numbers that keep pairs apart, and in what is made of them by moving and adding."""
    if not any(_masked(node) and len(node.inputs) > 3 for node in graph.nodes):
        return {}
    tables = tuple(n for n in graph.nodes if all(v.type.stage == "const" for v in n.outputs) and not ops.draws(n))
    values = [value for node in tables for value in node.outputs if value.type.dtype == "float"]
    found: dict[Value, Array] = {}
    for value, array in zip(values, evaluate(Graph((), tables, tuple(values)), ()), strict=True):
        if (array <= CLOSED).any():
            found[value] = np.where(np.broadcast_to(array <= CLOSED, (4, *array.shape)), SHUT, NOWHERE).astype(np.int32)
    for node in graph.nodes:
        op, shared = ops.of(node), all(value.type.stage == "shared" for value in node.outputs)
        if shared and op is not None and op.keeps_shut and any(value in found for value in node.inputs):
            found.update(zip(node.outputs, _reach(node, found, masked=True), strict=True))
    return found


def _masked(node: Node) -> bool:
    op = ops.of(node)
    return op is not None and op.masked
