"""The entries of sheets and sections: which paths they set, and each path once."""

from collections.abc import Sequence
from typing import NamedTuple

from ...diagnostics import Diagnostic, Label
from ...diagnostics.source import Span
from ...grammar import tree

Path = tuple[str, ...]

_HELP = "set a name once, whole or in parts: a whole value takes its parts as arguments, `mlp = glu(act = relu)`"


class Leaf(NamedTuple):
    """What entries set at one path: the place of its last name, and the value; None for empty braces."""

    path: Path
    span: Span
    value: tree.Expr | None

    @property
    def text(self) -> str:
        """The path as it is written: `attn.heads`."""
        return ".".join(self.path)


def leaves(entries: Sequence[tree.Entry], above: Path = (), *, dots: bool = False) -> list[Leaf]:
    """The paths that entries set; `a.b = v` and `a { b = v }` are the same. With `dots` a key in quotes is the path that it
    would be without them: `"head.weight"`."""
    found: list[Leaf] = []
    for entry in entries:
        if isinstance(entry, tree.Expect):
            continue
        name = entry.pattern if isinstance(entry, tree.PatternBind) else entry.name
        keys = [name.id] if isinstance(name, tree.Name) else name.value.split(".") if dots else [name.value]
        path = (*above, *keys)
        inner = leaves(entry.entries, path, dots=dots) if isinstance(entry, tree.Amend) else []
        found += inner or [Leaf(path, name.span, None if isinstance(entry, tree.Amend) else entry.value)]
    return found


def once(entries: Sequence[tree.Entry], where: str, *, dots: bool = False) -> tuple[list[tree.Entry], list[Diagnostic]]:
    """The entries without those that set again what another one sets, whole or in part, and V0204 for each of these."""
    kept: list[tree.Entry] = []
    problems: list[Diagnostic] = []
    ends: dict[Path, Span] = {}
    inner: dict[Path, Span] = {}
    for entry in entries:
        before = len(problems)
        for leaf in leaves([entry], dots=dots):
            path = leaf.path
            above = [path[:length] for length in range(1, len(path))]
            first = next((ends[p] for p in (*above, path) if p in ends), inner.get(path))
            if first is None:
                ends[path] = leaf.span
                inner.update({p: leaf.span for p in above if p not in inner})
            else:
                problems.append(Diagnostic("V0204", f"`{leaf.text}` is set twice in this {where}", leaf.span,
                                           others=(Label(first, "set here first"),), help="" if path in ends else _HELP))  # fmt: skip
        kept += [entry] if len(problems) == before else []
    return kept, problems


def quoted(entry: tree.PatternBind, where: str) -> Diagnostic:
    """V0316: a key in quotes where keys are names."""
    text = entry.pattern.value
    return Diagnostic("V0316", f"the keys of {where} are names, not texts in quotes", entry.pattern.span,
                      help=f"write {text} without quotes" if text.isidentifier() and text.isascii() else "")  # fmt: skip
