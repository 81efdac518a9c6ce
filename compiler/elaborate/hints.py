"""What to write instead, for mistakes that the interpreter meets."""

from collections.abc import Sequence

from ...diagnostics import foreign
from ...grammar import tree
from . import language
from .values import SIDES, BlockValue, Tensor, Value, Word, is_number, members


def apart(targets: Sequence[tree.Target], value: Value) -> str:
    """What to write where a value does not come apart into so many names."""
    if isinstance(value, Tensor):
        first = value.type.shape[0] if value.type.rank else 0
        return "`unstack(x)` is the list of a tensor along its first axis" if first == len(targets) else ""
    count = len(members(value) or ())
    return foreign.batch(targets[0].name.id, len(targets), count)


def comparison(expr: tree.Expr, value: Value) -> str:
    """What to write for a condition that is neither true nor false."""
    if isinstance(value, Tensor):
        return "`where(condition, a, b)` chooses element by element"
    text = expr.span.text if isinstance(expr, (tree.Name, tree.Attribute, tree.Call)) else ""
    if not text:
        return ""
    if is_number(value):
        return f"write `{text} > 0`"
    if isinstance(value, list):
        return f"write `len({text}) > 0`"
    if value is None or isinstance(value, BlockValue):
        return f"write `{text} != none`"
    return f"write `{text} == {value.name}`" if isinstance(value, Word) else ""


def of_a_tensor(base: tree.Expr, name: str) -> str:
    """What to write for a part of a tensor, which has none."""
    if name in SIDES and isinstance(base, tree.Name):
        return f"inside `forward`, `{base.id}` is the tensor: name its sizes by a pattern, `{base.id}: [C, H, W]`"
    called = f"write `{name}({base.span.text}, …)`" if name in language.names() else ""
    known = foreign.translation(name) or language.otherwise(name) or called
    return known or "a tensor has no parts: write `f(x)`, not `x.f()`"
