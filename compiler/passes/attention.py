"""Attention recognised: matmul, scales, biases, softmax, dropout, matmul become one node.

    %7 = permute(%k) {perm = (-1, -2)}
    %8 = matmul(%q, %7)
    %9 = mul(%8, 0.353)
    %10 = add(%9, %bias)
    %11 = softmax(%10) {axis = -1}
    %12 = dropout(%11) {rate = 0.1}
    %13 = matmul(%12, %v)
becomes
    %13 = attention(%q, %k, %v, %bias) {scale = 0.353, drop = 0.1}

A fact about tensors, whoever wrote them: softmax over the last axis of a product, multiplied into a third tensor. Where
the scores, or the weights after the softmax, are read by anything else (heads that talk, maps to look at), all stays.
"""

from dataclasses import dataclass, replace
from math import sqrt

from .. import ops
from ..ir.builder import Builder
from ..ir.graph import Graph, Node, Value
from ..ir.types import TensorType
from .rewrite import rewired


def run(graph: Graph) -> Graph:
    """The graph with a fused node for every attention in it."""
    matcher = _Matcher(graph)
    made: dict[Node, list[Node]] = {}
    stands: dict[Value, Value] = {}
    for node in graph.nodes:
        nodes = matcher.fused(node) if node.op == "matmul" else None
        if nodes:
            made[node] = nodes
            stands[node.output] = nodes[-1].output
    if not made:
        return graph
    return rewired(graph, [n for node in graph.nodes for n in made.get(node, [node])], stands)


@dataclass(frozen=True, slots=True)
class _Scores:
    """q k^T with what was done to it: a factor, and the biases added, each with the factor that came after."""

    product: Node
    scale: float = 1.0
    biases: tuple[tuple[Value, float], ...] = ()


class _Matcher:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.makers, self.uses = graph, graph.producers(), graph.uses()

    def maker(self, value: Value, op: str = "") -> Node | None:
        """The node that makes a value which nothing else reads."""
        node = self.makers.get(value)
        # a value that something else reads as well must be there after the fusion, and then nothing is gained
        once = len(self.uses.get(value, ())) + self.graph.outputs.count(value) == 1
        return node if node is not None and once and op in ("", node.op) else None

    def number(self, value: Value) -> float | None:
        """What a scalar of the text is."""
        node = self.makers.get(value)
        return float(node.attrs["value"]) if node is not None and node.is_number else None

    def fused(self, node: Node) -> list[Node] | None:
        """The nodes in place of the second product."""
        weights, v = node.inputs
        drop, dropped = 0.0, self.maker(weights, "dropout")
        if dropped is not None:
            drop, weights = dropped.attrs["rate"], dropped.inputs[0]
        softmax = self.maker(weights, "softmax")
        if softmax is None or softmax.attrs["axis"] != -1:
            return None
        scores = self.scores(softmax.inputs[0])
        return None if scores is None else self.build(node, scores, v, drop)

    def scores(self, value: Value) -> _Scores | None:
        """What stands before the softmax."""
        node = self.maker(value)
        if node is None:
            return None
        if node.op == "matmul":
            return _Scores(node)
        if node.op in ("mul", "div"):
            return self.scaled(node)
        if node.op == "add":
            for a, b in (node.inputs, node.inputs[::-1]):
                found = self.scores(a)
                if found is not None and b.type.rank <= a.type.rank and node.output.type.shape == a.type.shape:
                    return replace(found, biases=(*found.biases, (b, 1.0)))
        return None

    def scaled(self, node: Node) -> _Scores | None:
        """Scores times a number, from either side, or divided by one."""
        a, b = node.inputs
        for tensor, factor in ((a, b), (b, a)) if node.op == "mul" else ((a, b),):
            number = self.number(factor)
            found = self.scores(tensor) if number else None
            if found is not None and number:  # biases added before the factor are scaled by it too
                by = number if node.op == "mul" else 1 / number
                biases = tuple((bias, factor * by) for bias, factor in found.biases)
                return _Scores(found.product, found.scale * by, biases)
        return None

    def build(self, node: Node, scores: _Scores, v: Value, drop: float) -> list[Node] | None:
        """Attention with its operands brought into shape, or None where the op does not take them."""
        q, k = scores.product.inputs
        builder = Builder()
        q, on_q = self.unscaled(q)
        turned = self.maker(k, "permute")
        if turned is not None and _swaps(turned.attrs["perm"]):
            (k,) = turned.inputs
            k, on_k = self.unscaled(k)
        else:
            k, on_k = self.unscaled(k)
            k = _permuted(builder, k, node)
        operands = [q, k, v]
        like = next((value for value in operands if value.type.stage == "sample"), None)
        if like is None:
            return None
        operands = [_per_sample(builder, value, like, node) for value in operands]
        if len({value.type.shape[:-2] for value in operands}) > 1:
            return None
        bias = self.bias(builder, scores, node)
        scale: float | None = scores.scale * on_q * on_k
        if abs(scale * sqrt(q.type.shape[-1]) - 1) < 1e-12:
            scale = None  # torch's default, which its kernels compute themselves
        inputs = [*operands, bias] if bias is not None else operands
        attrs = {"scale": scale, "drop": drop}
        types = ops.get("attention").infer(tuple(value.type for value in inputs), attrs)
        if types != (node.output.type,):
            return None
        builder.add("attention", inputs, types, attrs, origin=node.origin, names=[node.output.name])
        return builder.nodes

    def unscaled(self, value: Value) -> tuple[Value, float]:
        """A query or key without a factor that stands on all of it."""
        node = self.maker(value)
        if node is None or node.op not in ("mul", "div"):
            return value, 1.0
        for tensor, factor in zip(node.inputs, node.inputs[::-1], strict=True):
            number = self.number(factor)
            if number and (node.op == "mul" or factor is node.inputs[1]):
                return tensor, number if node.op == "mul" else 1 / number
        return value, 1.0

    def bias(self, builder: Builder, scores: _Scores, node: Node) -> Value | None:
        """The sum of all that is added to the scores."""
        total: Value | None = None
        for value, factor in scores.biases:
            term = value
            if factor != 1.0:
                number = builder.add(
                    "number", (), (TensorType((), "float", "const"),), {"value": factor, "dtype": "float"}
                )
                term = _added(builder, "mul", value, number[0], node)
            total = term if total is None else _added(builder, "add", total, term, node)
        return total


def _swaps(perm: tuple[int, ...]) -> bool:
    """The last two axes change places and no others."""
    return perm[-2:] == (-1, -2) and perm[:-2] == tuple(range(-len(perm), -2))


def _added(builder: Builder, op: str, a: Value, b: Value, node: Node) -> Value:
    types = ops.get(op).infer((a.type, b.type), {})
    return builder.add(op, (a, b), types, origin=node.origin)[0]


def _permuted(builder: Builder, value: Value, node: Node) -> Value:
    attrs = {"perm": (-1, -2)}
    types = ops.get("permute").infer((value.type,), attrs)
    return builder.add("permute", (value,), types, attrs, origin=node.origin)[0]


def _per_sample(builder: Builder, value: Value, like: Value, node: Node) -> Value:
    """What has no batch axis gets one."""
    if value.type.stage == "sample":
        return value
    types = ops.get("to_batch").infer((value.type, like.type), {})
    return builder.add("to_batch", (value, like), types, origin=node.origin)[0]
