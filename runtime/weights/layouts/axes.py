"""The one change of a tensor's form that a layout may ask for: `d heads c -> (heads c) d`, from theirs to ours.

Axes are split, permuted and joined, nothing else, so that every such pattern can be read backwards and moves the
numbers without changing a bit. `1` is an axis of size one. A name of several letters is a parameter of the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import prod

from ....compiler.ops.base import Array, np
from ....grammar.axes import Group, side


@dataclass(frozen=True, slots=True)
class Axes:
    """Both sides as groups of names; a group is one axis, the empty one an axis of size one.

    `known` are sizes that the model gives to names: what a joined axis needs to be split, and a check on the others.
    """

    theirs: tuple[Group, ...]
    ours: tuple[Group, ...]

    def from_theirs(self, array: Array, known: Mapping[str, int]) -> Array:
        """Our form of one of their tensors."""
        return _moved(array, self.theirs, self.ours, known)

    def to_theirs(self, array: Array, known: Mapping[str, int]) -> Array:
        """Their form of one of our tensors."""
        return _moved(array, self.ours, self.theirs, known)

    def our_shape(self, shape: tuple[int, ...], known: Mapping[str, int]) -> tuple[int, ...]:
        """The shape that `from_theirs` gives; raises ValueError where theirs does not fit."""
        return _joined(self.ours, _sizes(self.theirs, shape, known))

    def their_shape(self, shape: tuple[int, ...], known: Mapping[str, int]) -> tuple[int, ...]:
        """The shape that `to_theirs` gives; raises ValueError where ours does not fit."""
        return _joined(self.theirs, _sizes(self.ours, shape, known))

    def known(self, ours: tuple[int, ...], params: Mapping[str, int]) -> dict[str, int]:
        """What the model says of the names: its parameters, and our axes that are one name, where theirs joins them."""
        joined = {name for group in self.theirs if len(group) > 1 for name in group}
        single = {g[0]: n for g, n in zip(self.ours, ours, strict=False) if len(g) == 1 and g[0] in joined}
        return single | {name: params[name] for g in self.theirs for name in g if len(name) > 1 and name in params}


@cache
def axes(text: str) -> Axes:
    """Reads a pattern; raises ValueError with what is wrong."""
    left, arrow, right = text.partition("->")
    theirs, ours = side(left), side(right)
    if not arrow or sorted(theirs.names) != sorted(ours.names) or not theirs.lead is ours.lead is None:
        raise ValueError(f"`{text}` is no change of axes that can be read backwards")
    return Axes(theirs.groups, ours.groups)


def _sizes(groups: tuple[Group, ...], shape: tuple[int, ...], known: Mapping[str, int]) -> dict[str, int]:
    if len(groups) != len(shape):
        raise ValueError(f"{len(shape)} axes instead of {len(groups)}")
    sizes: dict[str, int] = {}
    for group, size in zip(groups, shape, strict=True):
        given = {name: known[name] for name in group if name in known}
        open_names = [name for name in group if name not in known]
        rest = prod(given.values())
        if len(open_names) > 1 or rest < 1 or size % rest or (not open_names and rest != size):
            raise ValueError(f"an axis of {size} is not {' * '.join(group) or '1'}")
        sizes |= given | dict.fromkeys(open_names, size // rest)
    return sizes


def _joined(groups: tuple[Group, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(prod(sizes[name] for name in group) for group in groups)


def _moved(array: Array, source: tuple[Group, ...], target: tuple[Group, ...], known: Mapping[str, int]) -> Array:
    sizes = _sizes(source, array.shape, known)
    before = [name for group in source for name in group]
    after = [name for group in target for name in group]
    apart = array.reshape([sizes[name] for name in before]).transpose([before.index(name) for name in after])
    return np.ascontiguousarray(apart.reshape(_joined(target, sizes)))
