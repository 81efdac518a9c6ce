"""The two modes of a model brought together: the tree of inference with the bodies of training beside its own."""

from dataclasses import replace

from ...diagnostics import error
from ..ir.program import Child, Layer


def combine(inference: Layer, trained: Layer) -> Layer:
    """One tree; fails with V0410 where the modes differ in weights or in number or rank of results."""
    memo: dict[tuple[int, int], Layer] = {}
    return _layer(inference, trained, memo)


def _layer(a: Layer, b: Layer, memo: dict[tuple[int, int], Layer]) -> Layer:
    at = (id(a), id(b))
    if at in memo:
        return memo[at]
    if a.kind != b.kind or {n: s.shape for n, s in a.weights.items()} != {n: s.shape for n, s in b.weights.items()}:
        raise error("V0410", f"`{a.kind}` has other weights in training than in inference", a.span)
    if a.children.keys() != b.children.keys() or len(a.bodies) != len(b.bodies):
        raise error("V0410", f"`{a.kind}` has other layers in training than in inference", a.span)
    for mine, its in zip(a.bodies, b.bodies, strict=True):
        if [v.type.rank for v in mine.outputs] != [v.type.rank for v in its.outputs]:
            raise error("V0410", f"`{a.kind}` gives other results in training than in inference", a.span)
    children = {name: _child(child, b.children[name], memo) for name, child in a.children.items()}
    memo[at] = replace(a, children=children, train=b.bodies)
    return memo[at]


def _child(a: Child, b: Child, memo: dict[tuple[int, int], Layer]) -> Child:
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(_child(x, y, memo) for x, y in zip(a, b, strict=True))
    if isinstance(a, Layer) and isinstance(b, Layer):
        return _layer(a, b, memo)
    if a is None and b is None:
        return None
    raise error("V0410", "a list of layers differs between training and inference")
