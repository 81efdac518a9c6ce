"""Documentation in a text: lines of `##` above what they document. They are in no tree: `doc` finds them by their place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..diagnostics import Diagnostic
from ..diagnostics.source import Source, Span
from . import tree

_PARAMETER = re.compile(r"([A-Za-z_]\w*): +(.+)")


@dataclass(frozen=True, slots=True)
class Doc:
    """What the text says of something: `text`, and of its parameters by name."""

    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict[str, str])


def doc(node: tree.Node) -> Doc:
    """The documentation right above a node; a block's and a fn's may have lines `name: text` for their parameters."""
    if not _first(node):
        return Doc()
    text: list[str] = []
    parameters: dict[str, str] = {}
    for _, line in _above(node.span.source, node.span.line):
        found = _PARAMETER.fullmatch(line) if isinstance(node, (tree.Block, tree.Function)) else None
        if found is not None:
            parameters[found[1]] = found[2]
        elif parameters:
            last = next(reversed(parameters))
            parameters[last] = f"{parameters[last]} {line}"
        else:
            text.append(line)
    return Doc(" ".join(text), parameters)


def misplaced(source: Source, file: tree.File) -> list[Diagnostic]:
    """V0112 for documentation that documents nothing, and for lines about parameters that are not there."""
    if "##" not in source.text:
        return []
    starts: dict[int, tree.Node] = {}
    for node in _documented(file):
        if _first(node):
            starts.setdefault(node.span.line, node)
    found: list[Diagnostic] = []
    for first, after in _runs(source):
        node = starts.get(after)
        if node is None:
            help = "put it right above an item, an entry or a parameter; a comment begins with one `#`"
            found.append(
                Diagnostic("V0112", "nothing follows that `##` could document", _place(source, first), help=help)
            )
        elif isinstance(node, (tree.Block, tree.Function)):
            found += _unknown(source, node, after)
    return found


def _documented(file: tree.File) -> Iterator[tree.Node]:
    """What can be documented: items, what sheets and blocks set and bind, parameters, `forward`; the outer before the inner."""
    for item in file.items:
        if isinstance(item, tree.Use):
            continue
        yield item
        if isinstance(item, (tree.Function, tree.Block)):
            yield from item.params
        entries: list[tree.Entry] = [] if isinstance(item, tree.Function) else list(item.entries)
        for entry in entries:  # which grows by what stands in braces
            if not isinstance(entry, tree.Expect):
                yield entry
            entries += entry.entries if isinstance(entry, tree.Amend) else ()
        if isinstance(item, tree.Block):
            yield item.forward
            yield from item.forward.params


def _first(node: tree.Node) -> bool:
    """Whether a node is the first on its line."""
    return not node.span.source.line(node.span.line)[: node.span.column - 1].strip()


def _unknown(source: Source, node: tree.Block | tree.Function, after: int) -> Iterator[Diagnostic]:
    known = [param.name.id for param in node.params]
    if isinstance(node, tree.Block):
        known += [entry.name.id for entry in node.entries if isinstance(entry, tree.Bind)]
    for number, line in _above(source, after):
        match = _PARAMETER.fullmatch(line)
        if match is not None and match[1] not in known:
            yield Diagnostic("V0112", f"`{node.name.id}` has no parameter `{match[1]}` to document", _place(source, number),
                             help="a line `name: text` documents a parameter; write other lines without the colon")  # fmt: skip


def _above(source: Source, line: int) -> list[tuple[int, str]]:
    """The lines of `##` right above a line, with their numbers, in order."""
    found: list[tuple[int, str]] = []
    while line > 1 and source.line(line - 1).lstrip().startswith("##"):
        line -= 1
        found.append((line, source.line(line).lstrip().lstrip("#").strip()))
    return found[::-1]


def _runs(source: Source) -> Iterator[tuple[int, int]]:
    """Runs of lines of `##`: the first, and the line after the last."""
    lines = source.text.split("\n")
    start = 0
    for number, line in enumerate([*lines, ""], 1):
        documents = line.lstrip().startswith("##")
        if documents and not start:
            start = number
        elif not documents and start:
            yield start, number
            start = 0


def _place(source: Source, line: int) -> Span:
    text = source.line(line)
    start = sum(len(other) + 1 for other in source.text.split("\n")[: line - 1])
    indent = len(text) - len(text.lstrip())
    return Span(source, start + indent, start + len(text))
