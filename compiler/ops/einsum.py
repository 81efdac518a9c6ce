"""Sums of products by a pattern of axes."""

from collections.abc import Sequence
from math import prod
from string import ascii_letters

from ...diagnostics import foreign
from ...grammar.axes import side
from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import floats


class Definition(Op):
    """`"h w c, h k c -> h w k"`: products summed over the axes that the result lacks; `..` are further leading axes.

    `torch.einsum`, ONNX Einsum-12. Both operands of one stage.
    """

    name = "einsum"
    one_stage = True
    inputs = ("a", "b")
    params = (Param("pattern", "text", structural=True),)

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The axes that the result keeps."""
        floats(types)
        for names, type in zip(_sides(attrs["pattern"]), types, strict=False):
            if type.rank < len(names) - (".." in names) or (".." not in names and type.rank != len(names)):
                help = foreign.batch(names[0], len(names), type.rank) if names else ""
                raise OpError(f"`{' '.join(names)}` for {list(type.shape)}", help=help)
        sizes = _sizes(attrs["pattern"], types)
        shape = tuple(sizes[letter] for letter in _letters(attrs["pattern"], _ranks(types))[2] if letter in sizes)
        return (TensorType(shape, "float", meet(types)),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.einsum(_text(attrs["pattern"], [x.ndim for x in xs]), *xs),)

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Elements of the result times the axes that both have and that go; none of those: a product, no sum."""
        sizes = _sizes(attrs["pattern"], types)
        a, b, out = _letters(attrs["pattern"], _ranks(types))
        gone = [sizes[n] for n in a if n in b and n not in out and sizes[n] > 1]
        return outs[0].size * prod(gone) if gone else 0

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: the smallest box around all that is multiplied and summed."""
        sizes = _sizes(attrs["pattern"], types)
        a, b, out = ([n for n in side if n in sizes] for side in _letters(attrs["pattern"], _ranks(types)))
        result = np.full((4, *outs[0].shape), NOWHERE, np.int32)
        for box, own in zip(boxes, (a, b), strict=True):
            seen = box.min(axis=tuple(i + 1 for i, n in enumerate(own) if n not in out))
            kept = [n for n in own if n in out]
            seen = seen.transpose(0, *(kept.index(n) + 1 for n in out if n in kept))
            result = np.minimum(result, seen.reshape(4, *(sizes[n] if n in kept else 1 for n in out)))
        return (result,)

    def torch(self, call: TorchCall) -> str:
        return f'torch.einsum("{_text(call.attrs["pattern"], _ranks(call.types))}", {", ".join(call.args)})'

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op("Einsum", *call.args, equation=_text(call.attrs["pattern"], _ranks(call.types))),)

    def examples(self) -> tuple[Example, ...]:
        """A contraction, axes in front, an outer product, an axis that only one operand has, no batch."""
        a, b, wide = TensorType((3, 4, 5)), TensorType((3, 6, 5)), TensorType((2, 3, 4, 5))
        shared = TensorType((3, 4), stage="shared")
        return (
            Example((a, b), {"pattern": "h w c, h k c -> h w k"}),
            Example((wide, b), {"pattern": ".. h w c, h k c -> .. h w k"}),
            Example((wide, wide), {"pattern": ".. h w c, .. h k c -> .. w k h"}),
            Example((TensorType((4,)), TensorType((5,))), {"pattern": "n, m -> m n"}),
            Example((TensorType((4, 3)), TensorType((4, 2))), {"pattern": "n extra, n m -> m"}),
            Example((shared, shared), {"pattern": "n b, n c -> b c"}),
        )


def _sides(text: str) -> list[list[str]]:
    """The names on the three sides of a pattern; raises `OpError`."""
    left, arrow, result = text.partition("->")
    a, _, b = left.partition(",")
    try:
        read = [side(part) for part in (a, b, result)]
    except ValueError as problem:
        raise OpError(str(problem)) from None
    names = [name for one in read for name in one.names]
    if not arrow or "," not in left or any(len(group) != 1 for one in read for group in one.groups):
        raise OpError(f'a pattern of two operands is like "n c, m c -> n m", not "{text}"')
    if any(one.lead for one in read):
        raise OpError(f"`..` stands in front: `{text}`")
    sides = [[*([] if one.lead is None else [".."]), *one.names] for one in read]
    if any(name not in sides[0] + sides[1] for name in sides[2]) or (".." in a + b) != (".." in result):
        help = 'a space stands between two axes: "n d, m d -> n m"' if max(map(len, sides)) == 1 else ""
        raise OpError("the result has an axis that neither operand has, or lacks their `..`", help=help)
    if len(set(names)) > 40:
        raise OpError(f"{len(set(names))} axes are too many")
    return sides


def _ranks(types: Types) -> list[int]:
    """Ranks with the batch axis."""
    return [type.rank + (type.stage == "sample") for type in types]


def _letters(text: str, ranks: Sequence[int]) -> tuple[str, str, str]:
    """The three sides in single letters. What an operand has in front of its names (the batch, `..`) is counted from
    the left: an operand without `..` has the batch alone there."""
    sides = _sides(text)
    names = list(dict.fromkeys(name for side in sides for name in side if name != ".."))
    free = [c for c in "bB" + ascii_letters if c not in names]
    fore = "".join(dict.fromkeys(free))[:8]
    free = [c for c in reversed(free) if c not in fore]
    letter = {name: name if len(name) == 1 and name in ascii_letters else free.pop(0) for name in names}
    ahead = [rank - len(side) + (".." in side) for rank, side in zip(ranks, sides, strict=False)]
    if ".." in sides[0] and ".." in sides[1] and ahead[0] != ahead[1]:
        raise OpError("`..` stands for the same axes in both operands")
    a, b, out = ("".join(letter[name] for name in side if name != "..") for side in sides)
    return fore[: ahead[0]] + a, fore[: ahead[1]] + b, fore[: max(ahead)] + out


def _text(text: str, ranks: Sequence[int]) -> str:
    a, b, out = _letters(text, ranks)
    return f"{a},{b}->{out}"


def _sizes(text: str, types: Types) -> dict[str, int]:
    """The size of every axis but the batch; raises `OpError`."""
    sizes: dict[str, int] = {}
    for own, type in zip(_letters(text, _ranks(types)), types, strict=False):
        for letter, size in zip(own[type.stage == "sample" :], type.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise OpError(
                    f"an axis of `{text}` is {sizes[letter]} in one operand and {size} in the other",
                    sizes=(sizes[letter], size),
                )
    return sizes
