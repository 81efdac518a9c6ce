"""A layer called on several shapes: one set of weights, a body for each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ...diagnostics import error
from ..ir.graph import Graph, Node
from ..ir.program import Child, Layer, walk_children


def merge(layers: Sequence[Layer]) -> Layer:
    """One layer of several calls; equal calls are one already. Weights must agree: V0406."""
    unique = list(dict.fromkeys(layers))
    if len(unique) == 1:
        return unique[0]
    first = unique[0]
    for other in unique[1:]:
        _same_weights(first, other)
    names = list(dict.fromkeys(name for layer in unique for name in layer.children))
    seen: dict[str, dict[Layer, int]] = {}
    bodies = tuple(_shift(body, _offsets(layer, seen)) for layer in unique for body in layer.bodies)
    return replace(
        first,
        children={n: merge_child([u.children[n] for u in unique if n in u.children]) for n in names},
        weights={name: spec for layer in unique for name, spec in layer.weights.items()},
        borrows={path: lent for layer in unique for path, lent in layer.borrows.items()},
        shares={path: own for layer in unique for path, own in layer.shares.items()},
        bodies=bodies,
        train=bodies,
    )


def merge_child(children: Sequence[Child]) -> Child:
    """The same of lists, member by member."""
    first = children[0]
    if isinstance(first, tuple):
        return tuple(merge_child([c[i] for c in children if isinstance(c, tuple)]) for i in range(len(first)))
    layers = [c for c in children if isinstance(c, Layer)]
    return merge(layers) if layers else None


def _same_weights(a: Layer, b: Layer) -> None:
    """What only one of the calls uses is there for it alone; what both use must agree."""
    for name, spec in a.weights.items():
        other = b.weights.get(name, spec)
        if other.shape != spec.shape:
            message = f"`{name}` of `{a.kind}` is {list(spec.shape)} in one call and {list(other.shape)} in another"
            raise error("V0406", message, a.span)


def _offsets(layer: Layer, seen: dict[str, dict[Layer, int]]) -> dict[str, int]:
    """Where the bodies of each child begin among those of the merged child; `seen` are the children of the calls before."""
    found: dict[str, int] = {}
    for name, child in layer.children.items():
        for path, inner in walk_children(child, name):
            before = seen.setdefault(path, {})
            found[path] = before.setdefault(inner, sum(len(other.bodies) for other in before))
    return found


def _shift(body: Graph, offsets: Mapping[str, int]) -> Graph:
    """The body with the variants of its children counted behind those of the calls before."""

    def moved(node: Node) -> Node:
        if not node.is_call:
            return node
        new = _moved(node.attrs["variant"], node.layer, offsets)
        return replace(node, attrs=MappingProxyType({**node.attrs, "variant": new}))

    return replace(body, nodes=tuple(map(moved, body.nodes)))


def _moved(variant: Any, path: str, offsets: Mapping[str, int]) -> Any:
    if isinstance(variant, tuple):
        return tuple(_moved(v, f"{path}.{i}", offsets) for i, v in enumerate(variant))  # type: ignore[reportUnknownVariableType] -- of integers
    return variant + offsets.get(path, 0)
