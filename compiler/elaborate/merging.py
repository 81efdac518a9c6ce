"""A layer called on several shapes: one set of weights, a body for each."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ...grammar.diagnostics import error
from ..ir.graph import Graph, Node
from ..ir.program import Child, Layer


def merge(layers: Sequence[Layer]) -> Layer:
    """One layer of several calls; equal calls are one already. Weights must agree: V0406."""
    unique = list(dict.fromkeys(layers))
    if len(unique) == 1:
        return unique[0]
    first = unique[0]
    for other in unique[1:]:
        _same_weights(first, other)
    names = list(first.children)
    children: dict[str, Child] = {n: merge_child([u.children[n] for u in unique if n in u.children]) for n in names}
    bodies: list[Graph] = []
    offsets = dict.fromkeys(names, 0)
    for layer in unique:
        bodies += [_shift(body, offsets) for body in layer.bodies]
        for name in names:
            offsets[name] += _variants(layer.children.get(name))
    return replace(first, children=children, bodies=tuple(bodies), train=tuple(bodies))


def merge_child(children: "Sequence[Child]") -> "Child":
    """The same of lists, member by member."""
    first = children[0]
    if isinstance(first, tuple):
        return tuple(merge_child([c[i] for c in children if isinstance(c, tuple)]) for i in range(len(first)))
    layers = [c for c in children if isinstance(c, Layer)]
    return merge(layers) if layers else None


def _same_weights(a: Layer, b: Layer) -> None:
    for name, spec in a.weights.items():
        if b.weights.get(name) is None or b.weights[name].shape != spec.shape:
            shape = b.weights[name].shape if name in b.weights else None
            raise error(
                "V0406", f"`{name}` of `{a.kind}` is {list(spec.shape)} in one call and {shape} in another", a.span
            )


def _variants(child: Any) -> int:
    if isinstance(child, tuple):
        return max((_variants(member) for member in child), default=0)  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return len(child.bodies) if isinstance(child, Layer) else 0


def _shift(body: Graph, offsets: dict[str, int]) -> Graph:
    """The body with the variants of its children counted behind those of the calls before."""

    def moved(node: Node) -> Node:
        by = offsets.get(node.layer.partition(".")[0], 0)
        if node.op != "call" or not by:
            return node
        variant = node.attrs["variant"]
        new = tuple(v + by for v in variant) if isinstance(variant, tuple) else variant + by  # type: ignore[reportUnknownVariableType]
        return replace(node, attrs=MappingProxyType({**node.attrs, "variant": new}))

    return replace(body, nodes=tuple(map(moved, body.nodes)))
