"""Layers put together: of several calls, of the two modes, of what blocks lend each other.

Layers are immutable and know nothing of where they stand; each function gives new ones, and equal ones stay one object.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from ...diagnostics import error
from ..ir.graph import Graph, Node
from ..ir.program import Child, Layer, Lent, walk_children

# ---- one layer called on several shapes: one set of weights, a body for each -----------------------------------------


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
        children={n: _merge_child([u.children[n] for u in unique if n in u.children]) for n in names},
        weights={name: spec for layer in unique for name, spec in layer.weights.items()},
        borrows={path: lent for layer in unique for path, lent in layer.borrows.items()},
        shares={path: own for layer in unique for path, own in layer.shares.items()},
        bodies=bodies,
        train=bodies,
    )


def _merge_child(children: Sequence[Child]) -> Child:
    """The same of lists, member by member."""
    first = children[0]
    if isinstance(first, tuple):
        return tuple(_merge_child([c[i] for c in children if isinstance(c, tuple)]) for i in range(len(first)))
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
    for path, inner in _layers(layer.children):
        before = seen.setdefault(path, {})
        found[path] = before.setdefault(inner, sum(len(other.bodies) for other in before))
    return found


def _shift(body: Graph, offsets: Mapping[str, int]) -> Graph:
    """The body with the variants of its children counted behind those of the calls before."""

    def moved(node: Node) -> Node:
        if not node.is_call:
            return node
        variant: int | tuple[int, ...] = node.attrs["variant"]
        new = (
            tuple(v + offsets.get(f"{node.layer}.{i}", 0) for i, v in enumerate(variant))
            if isinstance(variant, tuple)
            else variant + offsets.get(node.layer, 0)
        )
        return replace(node, attrs=MappingProxyType({**node.attrs, "variant": new}))

    return replace(body, nodes=tuple(map(moved, body.nodes)))


# ---- the two modes: the tree of inference with the bodies of training beside its own ---------------------------------


def combine(inference: Layer, trained: Layer) -> Layer:
    """One tree of both modes; fails with V0410 where they differ in weights, in number or rank of results, or in the names
    of the model's."""
    _same_results(inference.bodies[0], trained.bodies[0], inference)
    memo: dict[tuple[Layer, Layer], Layer] = {}
    return _combined(inference, trained, memo)


def _same_results(mine: Graph, its: Graph, model: Layer) -> None:
    """The results of a model in both modes, by name."""
    if mine.names != its.names:
        message = f"`{model.kind}` gives {', '.join(its.names)} in training and {', '.join(mine.names)} in inference"
        raise error("V0410", message, model.span,
                    help="return the same results in both modes: the first is served, the others are not computed there")  # fmt: skip


def _combined(a: Layer, b: Layer, memo: dict[tuple[Layer, Layer], Layer]) -> Layer:
    if (a, b) in memo:
        return memo[a, b]
    if a.kind != b.kind or {n: s.shape for n, s in a.weights.items()} != {n: s.shape for n, s in b.weights.items()}:
        raise error("V0410", f"`{a.kind}` has other weights in training than in inference", a.span)
    if a.children.keys() != b.children.keys() or len(a.bodies) != len(b.bodies):
        raise error("V0410", f"`{a.kind}` has other layers in training than in inference", a.span)
    for mine, its in zip(a.bodies, b.bodies, strict=True):
        if [v.type.rank for v in mine.outputs] != [v.type.rank for v in its.outputs]:
            raise error("V0410", f"`{a.kind}` gives other results in training than in inference", a.span)
    children = {name: _combined_child(child, b.children[name], memo) for name, child in a.children.items()}
    memo[a, b] = replace(a, children=children, train=b.bodies)
    return memo[a, b]


def _combined_child(a: Child, b: Child, memo: dict[tuple[Layer, Layer], Layer]) -> Child:
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(_combined_child(x, y, memo) for x, y in zip(a, b, strict=True))
    if isinstance(a, Layer) and isinstance(b, Layer):
        return _combined(a, b, memo)
    if a is None and b is None:
        return None
    raise error("V0410", "a list of layers differs between training and inference")


# ---- layers in several places ----------------------------------------------------------------------------------------


class Settled(NamedTuple):
    """The children of a block with the layers it lends in all their places.

    `borrows`: the paths at which a layer of a block further out stands; `shares`: paths that are second names of the
    block's own layers, with the first.
    """

    children: dict[str, Child]
    borrows: dict[str, Lent]
    shares: dict[str, str]


def settle(
    children: dict[str, Child], lent: Mapping[str, Lent], own: Mapping[Lent, tuple[str, Layer | None]]
) -> Settled:
    """Puts the layers that a block lends (`own`: path and layer of each) where they went.

    `lent` are the block's own names for lent layers; those inside its children stand in their `borrows`.
    """
    places = dict(lent)
    for path, layer in _layers(children):
        places |= {f"{path}.{inner}": loan for inner, loan in layer.borrows.items()}
    if not places:
        return Settled(children, {}, {})
    layers = {loan: layer for loan, (_, layer) in own.items()}
    here = {path: layers.get(loan) for path, loan in places.items()}
    done: dict[Layer, Layer] = {}
    made = {name: _placed(child, name, here, layers, done) for name, child in children.items()}
    made |= {path: here[path] for path in places if "." not in path}
    return Settled(
        made,
        borrows={path: loan for path, loan in places.items() if loan not in own},
        shares={path: own[loan][0] for path, loan in places.items() if layers.get(loan) is not None},
    )


def _placed(child: Child, path: str, here: Mapping[str, Layer | None], layers: Mapping[Lent, Layer | None],
            done: dict[Layer, Layer]) -> Child:  # fmt: skip
    """A child with lent layers in their places."""
    if isinstance(child, tuple):
        return tuple(_placed(member, f"{path}.{i}", here, layers, done) for i, member in enumerate(child))
    if child is None:
        return here.get(path)
    if not any(loan in layers for loan in child.borrows.values()):
        return child
    if child not in done:
        inner = {p: layers.get(loan) for p, loan in child.borrows.items()}
        children = {name: _placed(c, name, inner, layers, done) for name, c in child.children.items()}
        done[child] = replace(child, children=children)
    return done[child]


def _layers(children: Mapping[str, Child]) -> list[tuple[str, Layer]]:
    return [found for name, child in children.items() for found in walk_children(child, name)]
