"""From a syntax tree to its canonical text: `parse(print_file(tree)) == tree`, and printing again changes nothing.

Two spaces a level; brackets only where the order of operations asks for them; a sheet, a body of one line or a list of
arguments on one line where it fits, else an entry a line with the signs `=` under each other. Comments are in no tree.
"""

from collections.abc import Sequence
from typing import Any

from . import tree
from .doc import Doc, Group, flat, lines
from .expressions import dotted, expression, index_item, joined, string

_WIDTH = 120


def print_file(file: tree.File) -> str:
    """The text of a file."""
    text, before = [f"vit {file.edition}"], None
    for item in file.items:
        block = _item(item)
        kin = (before is None or len(before[1]) == 1) and len(block) == 1
        together = kin and (isinstance(item, tree.Use) if before is None else type(item) is type(before[0]))
        text += block if together and not isinstance(item, tree.Function) else ["", *block]
        before = item, block
    return "\n".join(text) + "\n"


def print_expression(expr: tree.Expr) -> str:
    """The text of an expression, on one line."""
    return flat(expression(expr))


def print_type(type: tree.Type) -> str:
    """The text of a type."""
    return flat(_type(type))


# ---- items -----------------------------------------------------------------------------------------------------------


def _item(item: tree.Item) -> list[str]:
    match item:
        case tree.Use():
            return [f"use {string(item.path)}"]
        case tree.Model():
            sheet = _sheet(f"model {item.name.id} = {item.base.id}", item.entries)
            return sheet if item.entries else [f"model {item.name.id} = {item.base.id}"]
        case tree.Section():
            return _sheet(f"{item.kind.id} {item.model.id}" if item.model else item.kind.id, item.entries)
        case tree.Function():
            return _function(item)
        case tree.Block():
            return _block(item)


def _sheet(head: str, entries: Sequence[Any], indent: int = 0) -> list[str]:
    line = " " * indent + _flat_sheet(head, entries)
    if len(line) <= _WIDTH or not entries:
        return [line]
    return [f"{' ' * indent}{head} {{", *_aligned(entries, indent + 2), " " * indent + "}"]


def _flat_sheet(head: str, entries: Sequence[Any]) -> str:
    return f"{head} {{ {', '.join(flat(_entry(entry)) for entry in entries)} }}" if entries else f"{head} {{}}"


def _entry(entry: Any, width: int = 0) -> Doc:
    match entry:
        case tree.Bind():
            return (f"{entry.name.id:<{width}} = ", expression(entry.value))
        case tree.PatternBind():
            return (f"{string(entry.pattern):<{width}} = ", expression(entry.value))
        case tree.Amend():
            path, inner = _path(entry)
            if isinstance(inner, tree.Bind):
                return (f"{dotted(path):<{width}} = ", expression(inner.value))
            return _flat_sheet(dotted(path), inner)
        case _:
            return _expect(entry)


def _path(entry: tree.Amend) -> tuple[list[tree.Name], tree.Bind | Sequence[Any]]:
    """The path that leads to the one value an amendment sets, with its binding; to several, with all entries."""
    path = [entry.name]
    while len(entry.entries) == 1 and isinstance(entry.entries[0], tree.Amend):
        entry = entry.entries[0]
        path.append(entry.name)
    only = entry.entries[0] if len(entry.entries) == 1 else None
    return ([*path, only.name], only) if isinstance(only, tree.Bind) else (path, entry.entries)


def _expect(entry: tree.Expect) -> Doc:
    tail = f" else {string(entry.message)}" if entry.message else ""
    return ("expect ", expression(entry.condition), tail)


def _aligned(entries: Sequence[Any], indent: int) -> list[str]:
    """An entry a line; those that bind have their `=` under each other."""
    width = max((len(name) for entry in entries if (name := _left(entry)) is not None), default=0)
    return [line for entry in entries for line in _entry_lines(entry, width, indent)]


def _entry_lines(entry: Any, width: int, indent: int) -> list[str]:
    if isinstance(entry, tree.Amend):
        path, inner = _path(entry)
        if not isinstance(inner, tree.Bind):
            return _sheet(dotted(path), inner, indent)
    return lines(_entry(entry, width), indent, _WIDTH)


def _left(entry: Any) -> str | None:
    """What stands left of the `=` of an entry; None where it has none."""
    match entry:
        case tree.Bind():
            return entry.name.id
        case tree.PatternBind():
            return string(entry.pattern)
        case tree.Amend():
            path, inner = _path(entry)
            return dotted(path) if isinstance(inner, tree.Bind) else None
        case _:
            return None


def _function(item: tree.Function) -> list[str]:
    arrow: Doc = (" -> ", _type(item.result)) if item.result else ""
    head: Doc = (f"fn {item.name.id}", _params(item.params), arrow)
    if item.short and isinstance(item.body[0], tree.Return):
        return lines((head, " = ", expression(item.body[0].results[0].value)), 0, _WIDTH)
    return _braced(head, item.body, 0)


def _block(item: tree.Block) -> list[str]:
    params = _params(item.params) if item.params else ""
    head = lines((f"block {item.name.id}", params, " {"), 0, _WIDTH)
    entries = [*_aligned(item.entries, 2), ""] if item.entries else []
    forward = item.forward
    arrow: Doc = (" -> ", _outs(forward.results)) if forward.results else ""
    return [*head, *entries, *_braced(("forward", _params(forward.params), arrow), forward.body, 2), "}"]


def _outs(outs: Sequence[tree.Out]) -> Doc:
    if len(outs) == 1 and outs[0].name is None:
        return _type(outs[0].type)
    parts: list[Doc] = [(f"{out.name.id}: " if out.name else "", _type(out.type)) for out in outs]
    return Group("(", parts, ")", trailing=False)


def _params(params: Sequence[tree.Param]) -> Doc:
    return Group("(", [_param(param) for param in params], ")")


def _param(param: tree.Param) -> Doc:
    kind: Doc = (": ", _type(param.type)) if param.type else ""
    default: Doc = (" = ", expression(param.default)) if param.default else ""
    return (param.name.id, kind, default)


def _type(type: tree.Type) -> Doc:
    return tuple(joined(" | ", [_alternative(a) for a in type.alternatives]))


def _alternative(a: tree.Word | tree.Pattern) -> Doc:
    if isinstance(a, tree.Pattern):
        return _pattern(a)
    return a.name + "".join(f" {bound.op} {flat(expression(bound.limit))}" for bound in a.bounds)


def _pattern(pattern: tree.Pattern) -> Doc:
    return ("[", *joined(", ", [index_item(dim) for dim in pattern.dims]), "]")


# ---- statements ------------------------------------------------------------------------------------------------------


def _braced(head: Doc, body: Sequence[tree.Stmt], indent: int) -> list[str]:
    """A head and its body: on one line if it is one simple statement that fits."""
    if len(body) == 1 and isinstance(body[0], tree.Let | tree.Return | tree.Expect):
        line = " " * indent + flat((head, " { ", _simple(body[0]), " }"))
        if len(line) <= _WIDTH:
            return [line]
    inner = [line for stmt in body for line in _stmt(stmt, indent + 2)]
    return [*lines((head, " {"), indent, _WIDTH), *inner, " " * indent + "}"]


def _stmt(stmt: tree.Stmt, indent: int) -> list[str]:
    match stmt:
        case tree.For():
            names = ", ".join(name.id for name in stmt.names)
            return _braced((f"for {names} in ", expression(stmt.iterable)), stmt.body, indent)
        case tree.If():
            return _if(stmt, indent)
        case _:
            return lines(_simple(stmt), indent, _WIDTH)


def _if(stmt: tree.If, indent: int) -> list[str]:
    """Every branch begins a line of its own."""
    text, word = list[str](), "if "
    while True:
        text += _braced((word, expression(stmt.test)), stmt.then, indent)
        if len(stmt.otherwise) != 1 or not isinstance(stmt.otherwise[0], tree.If):
            break
        stmt, word = stmt.otherwise[0], "else if "
    return [*text, *_braced("else", stmt.otherwise, indent)] if stmt.otherwise else text


def _simple(stmt: tree.Let | tree.Return | tree.Expect) -> Doc:
    match stmt:
        case tree.Let():
            targets: list[Doc] = [(t.name.id, (": ", _pattern(t.pattern)) if t.pattern else "") for t in stmt.targets]
            return (*joined(", ", targets), " = ", expression(stmt.value))
        case tree.Return():
            values: list[Doc] = [(f"{r.name.id} = " if r.name else "", expression(r.value)) for r in stmt.results]
            return ("return ", *joined(", ", values))
        case tree.Expect():
            return _expect(stmt)
