"""`rearrange` and `repeat`: a pattern of names becomes unflatten, permute, unsqueeze, expand and flatten."""

from collections.abc import Mapping
from math import prod

from ...diagnostics import foreign
from ...diagnostics.source import Span
from ...grammar.axes import Group, Side, side
from .nodes import emit
from .scopes import Scope
from .values import Tensor

#: Characters of a pattern.
LONGEST = 500


def rearrange(
    scope: Scope, x: Tensor, pattern: str, sizes: Mapping[str, int], span: Span, *, repeat: bool = False
) -> Tensor:
    """Applies `left -> right` (einops' notation, `..` for further axes); with `repeat` the right side may add axes."""
    left, right = _spelt_out(x, *_parse(scope, pattern, span))
    for name in sizes:
        if name not in (*left.names, *right.names):
            scope.context.warn("V0416", f'`{name}` is not an axis of "{pattern}": its size has no effect', span)
    known = _sizes(scope, x, left, pattern, sizes, span)
    new = [name for name in right.names if name not in left.names]
    lost = [name for name in left.names if name not in right.names]
    if lost or (new and not repeat):
        which, side = (lost[0], "right") if lost else (new[0], "left")
        scope.context.fail("V0407", f"`{which}` of the pattern has no place on its {side} side", span)
    missing = [name for name in new if name not in sizes]
    if missing:
        scope.context.fail("V0407", f"repeat needs the size of `{missing[0]}`", span, help=f"add {missing[0]} = ...")
    y = _split(scope, x, left, known, span)
    y, names, right = _neighbours(scope, y, list(left.names), right, span)
    kept = [name for name in right.names if name in names]
    perm = tuple(names.index(name) - len(names) for name in kept)
    if perm != tuple(range(-len(perm), 0)):
        y = emit(scope, "permute", (y,), {"perm": perm}, span)
    for position in reversed(range(len(right.names))):
        name = right.names[position]
        if name in new:
            after = sum(other in kept or other in new for other in right.names[position + 1 :])
            y = emit(scope, "expand", (y,), {"axis": -after - 1, "size": sizes[name]}, span)
    return _merge(scope, y, right, span)


def _spelt_out(x: Tensor, left: Side, right: Side) -> tuple[Side, Side]:
    """Sides whose `..` are not both in front, with a name for each axis that they stand for."""
    if left.lead is None or right.lead is None or left.lead == right.lead == 0:
        return left, right
    axes = tuple((f"..{i}",) for i in range(x.type.rank - len(left.groups)))
    sides = ((side.groups[: side.lead], side.groups[side.lead :]) for side in (left, right))
    first, second = (Side((*before, *axes, *after)) for before, after in sides)
    return first, second


def _split(scope: Scope, x: Tensor, left: Side, known: Mapping[str, int], span: Span) -> Tensor:
    """Groups of several names become axes of their own; axes written 1 go."""
    y = x
    for index, group in enumerate(left.groups):
        axis = index - len(left.groups)
        if len(group) > 1:
            y = emit(scope, "unflatten", (y,), {"axis": axis, "sizes": tuple(known[n] for n in group)}, span)
        elif not group:
            y = emit(scope, "select", (y,), {"axis": axis, "index": 0}, span)
    return y


def _neighbours(scope: Scope, y: Tensor, names: list[str], right: Side, span: Span) -> tuple[Tensor, list[str], Side]:
    """Groups whose names are neighbours already become one axis before anything moves: fewer axes change places."""
    groups: list[Group] = []
    for group in right.groups:
        start = names.index(group[0]) if group and group[0] in names else 0
        if len(group) > 1 and tuple(names[start : start + len(group)]) == group:
            y = emit(scope, "flatten", (y,), {"axis": start - len(names), "count": len(group)}, span)
            joined = (" ".join(group),)
            names[start : start + len(group)] = joined
            groups.append(joined)
        else:
            groups.append(group)
    return y, names, Side(tuple(groups), right.lead)


def _merge(scope: Scope, y: Tensor, right: Side, span: Span) -> Tensor:
    """Axes written 1 come, then neighbours become groups."""
    for index in reversed(range(len(right.groups))):
        if not right.groups[index]:
            after = sum(max(len(group), 1) for group in right.groups[index + 1 :])
            y = emit(scope, "unsqueeze", (y,), {"axis": -after - 1}, span)
    for index, group in enumerate(right.groups):
        if len(group) > 1:
            after = sum(max(len(other), 1) for other in right.groups[index + 1 :])
            y = emit(scope, "flatten", (y,), {"axis": -after - len(group), "count": len(group)}, span)
    return y


def _parse(scope: Scope, pattern: str, span: Span) -> tuple[Side, Side]:
    if len(pattern) > LONGEST:
        scope.context.fail("V0407", f"a pattern of {len(pattern):,} characters; {LONGEST} are enough", span)
    parts = pattern.split("->")
    if len(parts) != 2:
        scope.context.fail("V0407", "a pattern is `axes -> axes`", span)
    try:
        left, right = map(side, parts)
    except ValueError as problem:
        scope.context.fail("V0407", str(problem), span)
    if (left.lead is None) != (right.lead is None):
        scope.context.fail("V0407", "`..` stands on both sides of a pattern or on none", span)
    return left, right


def _sizes(scope: Scope, x: Tensor, left: Side, pattern: str, given: Mapping[str, int], span: Span) -> dict[str, int]:
    """The size of every name on the left; one of a group may follow from the others."""
    shape = x.type.shape
    fits = len(shape) >= len(left.groups) if left.lead is not None else len(shape) == len(left.groups)
    if not fits:
        first = left.groups[0] if left.groups and left.lead is None else ()
        help = foreign.batch(first[0], len(left.groups), len(shape)) if len(first) == 1 else ""
        scope.context.fail(
            "V0402", f'"{pattern}" is for {len(left.groups)} axes, the tensor is {list(shape)}', span, help=help
        )
    known: dict[str, int] = {}
    for group, size in zip(left.groups, shape[len(shape) - len(left.groups) :], strict=True):
        unknown = [name for name in group if name not in given]
        rest = prod(given[name] for name in group if name in given)
        if len(unknown) > 1 or rest < 1 or size % rest or (not unknown and rest != size):
            numbers = " * ".join(f"{name} = {given[name]}" if name in given else name for name in group) or "1"
            help = f"{size} is no multiple of {rest}" if len(unknown) == 1 and rest > 1 else ""
            help = f"give the size of all but one of them: `{unknown[0]} = …`" if len(unknown) > 1 else help
            disagree = (size, *(given[name] for name in group if name in given))
            message = f'an axis of {size} is not ({numbers}) in "{pattern}"'
            scope.context.fail("V0403", message, span, help=help, sizes=disagree)
        known.update({name: given[name] for name in group if name in given})
        known.update(dict.fromkeys(unknown, size // rest))
    return known
