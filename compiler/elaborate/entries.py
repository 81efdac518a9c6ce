"""The entries of sheets and sections: which paths they set, and each path once."""

from collections.abc import Sequence
from typing import NamedTuple

from ...diagnostics import Diagnostic, Label
from ...diagnostics.source import Span
from ...grammar import tree

Path = tuple[str, ...]

#: For a name that is set whole and in parts.
HELP = "set a name once, whole or in parts: a whole value takes its parts as arguments, `norm = layernorm(eps = 1e-5)`"


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


class Paths:
    """The paths that are set, each once: a name is set whole or in parts."""

    def __init__(self) -> None:
        self._ends: dict[Path, Span] = {}
        #: What stands above an end, with the place of the first one below it.
        self._inner: dict[Path, Span] = {}

    def add(self, path: Path, span: Span) -> Span | None:
        """Takes up a path, unless it sets again what another one sets, whole or in part: then gives the place of that."""
        above = [path[:length] for length in range(1, len(path))]
        first = next((self._ends[p] for p in (*above, path) if p in self._ends), self._inner.get(path))
        if first is None:
            self._ends[path] = span
            for each in above:
                self._inner.setdefault(each, span)
        return first

    def __contains__(self, path: Path) -> bool:
        return path in self._ends


def once(entries: Sequence[tree.Entry], where: str, *, dots: bool = False) -> tuple[list[tree.Entry], list[Diagnostic]]:
    """The entries without those that set again what another one sets, whole or in part, and V0204 for each of these."""
    kept: list[tree.Entry] = []
    problems: list[Diagnostic] = []
    paths = Paths()
    for entry in entries:
        before = len(problems)
        for leaf in leaves([entry], dots=dots):
            first = paths.add(leaf.path, leaf.span)
            if first is not None:
                problems.append(Diagnostic("V0204", f"`{leaf.text}` is set twice in this {where}", leaf.span,
                                           others=(Label(first, "set here first"),), help="" if leaf.path in paths else HELP))  # fmt: skip
        kept += [entry] if len(problems) == before else []
    return kept, problems


def misplaced(entry: tree.Expect) -> Diagnostic:
    """V0314: an `expect` where nothing is checked."""
    return Diagnostic("V0314", "`expect` stands in models and blocks", entry.span)


def quoted(entry: tree.PatternBind, where: str) -> Diagnostic:
    """V0316: a key in quotes where keys are names."""
    text = entry.pattern.value
    return Diagnostic("V0316", f"the keys of {where} are names, not texts in quotes", entry.pattern.span,
                      help=f"write {text} without quotes" if text.isidentifier() and text.isascii() else "")  # fmt: skip
