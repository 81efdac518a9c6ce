"""`--set KEY=VALUE`: values are written in the language."""

from dataclasses import fields, replace
from functools import lru_cache
from typing import TypeVar, cast

from ...diagnostics import VitError, error
from ...diagnostics.source import COMMAND_LINE, Source, Span
from ...grammar import tree
from ...grammar.layout import MAX_NESTING
from ...grammar.parser import parse

Part = TypeVar("Part")
_BEFORE = "vit 1\nmodel m = m { value = "


@lru_cache(maxsize=100)  # every model of a file reads the same settings: what is wrong with one has one place
def parse_override(key: str, text: str) -> tree.Bind | tree.Amend:
    """A setting as an entry whose places are those of `--set KEY=VALUE`; fails with V1004."""
    shown = Source(COMMAND_LINE, f"--set {key}={text}")
    at = len("--set ")
    if key.count(".") >= MAX_NESTING:
        message = f"`--set` takes a path of at most {MAX_NESTING} names"
        raise error("V1004", message, Span(shown, at, at + len(key)))
    shift = at + len(key) + 1 - len(_BEFORE)
    try:
        (item,) = parse(Source(COMMAND_LINE, f"{_BEFORE}{text} }}\n")).items
    except (VitError, ValueError) as problem:
        raise _refused(shown, key, text, shift, problem) from problem
    bind = item.entries[0] if isinstance(item, tree.Model) and len(item.entries) == 1 else None
    if not isinstance(bind, tree.Bind):
        raise _refused(shown, key, text, shift)
    return _nested(shown, key, _moved(bind.value, shown, shift))


def _nested(shown: Source, key: str, value: tree.Expr) -> tree.Bind | tree.Amend:
    """`a.b=v` as `a { b = v }`; after `init` stands the name of a weight, or a pattern of such names."""
    at, whole = len("--set "), Span(shown, 0, len(shown.text))
    first, dot, rest = key.partition(".")
    if "" in key.split("."):
        message = f"`{key}` is not a path: `--set` takes names with one dot between them"
        raise error("V1004", message, Span(shown, at, at + len(key)), help="write `--set norm.eps=1e-5`")
    if first == "init" and dot:
        pattern = tree.String(Span(shown, at + len("init."), at + len(key)), rest)
        return tree.Amend(whole, tree.Name(Span(shown, at, at + len(first)), first),
                          (tree.PatternBind(whole, pattern, value),))  # fmt: skip
    names: list[tree.Name] = []
    for name in key.split("."):
        names.append(tree.Name(Span(shown, at, at + len(name)), name))
        at += len(name) + 1
    entry: tree.Bind | tree.Amend = tree.Bind(whole, names[-1], value)
    for name in reversed(names[:-1]):
        entry = tree.Amend(whole, name, (entry,))
    return entry


def _moved(part: Part, source: Source, shift: int) -> Part:
    """A part of a tree with its places in another text, `shift` characters further on."""
    if isinstance(part, tuple):
        return cast("Part", tuple(_moved(item, source, shift) for item in cast("tuple[object, ...]", part)))
    if not isinstance(part, tree.Node):
        return part
    inner = {f.name: _moved(getattr(part, f.name), source, shift) for f in fields(part) if f.name != "span"}
    return replace(part, **inner, span=_span(part.span, source, shift))


def _span(span: Span, source: Source, shift: int) -> Span:
    start, end = (min(max(at + shift, 0), len(source.text)) for at in (span.start, span.end))
    return Span(source, start, max(start, end))


def _refused(shown: Source, key: str, text: str, shift: int, problem: Exception | None = None) -> VitError:
    """V1004, with what the parser says where it says it of the value."""
    first = problem.diagnostics[0] if isinstance(problem, VitError) else None
    at, why = Span(shown, len(f"--set {key}="), len(shown.text)), ""
    if first is not None and first.span is not None and at.start <= first.span.start + shift < at.end:
        at, why = _span(first.span, shown, shift), f": {first.message}"
    return error("V1004", f"`{key}={text}` is not a value of the language{why}", at)
