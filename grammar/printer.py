"""From a syntax tree to its canonical text: `parse(print_file(tree)) == tree`, and printing again changes nothing.

Two spaces a level; brackets only where the order of operations asks for them; a sheet, a body of one line or a list of
arguments on one line where it fits, else an entry a line with the signs `=` under each other. Comments are in no tree.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import tree
from .doc import Doc, Group, flat, lines

_WIDTH = 120

#: How tightly an operator binds, and the least its left and right sides must bind.
_BINARY = {
    "or": (1, 1, 2), "and": (2, 2, 3), "in": (4, 5, 5), "not in": (4, 5, 5), "..": (5, 6, 6),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), (4, 5, 5)),
    **dict.fromkeys("+-", (6, 6, 7)), **dict.fromkeys(("*", "/", "//", "%", "@"), (7, 7, 8)), "**": (9, 10, 8),
}  # fmt: skip
_UNARY = {"not": (3, 3), "-": (8, 8)}
_POSTFIX, _ATOM = 10, 11
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


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
    return flat(_expr(expr))


# ---- items -----------------------------------------------------------------------------------------------------------


def _item(item: tree.Item) -> list[str]:
    match item:
        case tree.Use():
            return [f"use {_string(item.path)}"]
        case tree.Model():
            sheet = _sheet(f"model {item.name.id} = {item.base.id}", item.entries)
            return sheet if item.entries else [f"model {item.name.id} = {item.base.id}"]
        case tree.Section():
            return _sheet(f"{item.kind.id} {item.model.id}" if item.model else item.kind.id, item.entries)
        case tree.Function():
            return _function(item)
        case tree.Block():
            return _block(item)


def _sheet(head: str, entries: Sequence[Any]) -> list[str]:
    if not entries:
        return [f"{head} {{}}"]
    line = f"{head} {{ {', '.join(flat(_entry(entry)) for entry in entries)} }}"
    if len(line) <= _WIDTH:
        return [line]
    return [f"{head} {{", *_aligned(entries, 2), "}"]


def _entry(entry: Any, width: int = 0) -> Doc:
    match entry:
        case tree.Bind():
            return (f"{entry.name.id:<{width}} = ", _expr(entry.value))
        case tree.PatternBind():
            return (f"{_string(entry.pattern):<{width}} = ", _expr(entry.value))
        case _:
            return _expect(entry)


def _expect(entry: tree.Expect) -> Doc:
    tail = f" else {_string(entry.message)}" if entry.message else ""
    return ("expect ", _expr(entry.condition), tail)


def _aligned(entries: Sequence[Any], indent: int) -> list[str]:
    """An entry a line; those that bind have their `=` under each other."""
    names = [
        len(flat(_entry(e))) - len(flat(_expr(e.value))) - 3
        for e in entries
        if isinstance(e, tree.Bind | tree.PatternBind)
    ]
    width = max(names, default=0)
    return [line for entry in entries for line in lines(_entry(entry, width), indent, _WIDTH)]


def _function(item: tree.Function) -> list[str]:
    arrow: Doc = (" -> ", _type(item.result)) if item.result else ""
    head: Doc = (f"fn {item.name.id}", _params(item.params), arrow)
    if item.short and isinstance(item.body[0], tree.Return):
        return lines((head, " = ", _expr(item.body[0].results[0].value)), 0, _WIDTH)
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
    default: Doc = (" = ", _expr(param.default)) if param.default else ""
    return (param.name.id, kind, default)


def _type(type: tree.Type) -> Doc:
    return tuple(_joined(" | ", [_alternative(a) for a in type.alternatives]))


def _alternative(a: tree.Word | tree.Pattern) -> Doc:
    if isinstance(a, tree.Pattern):
        return _pattern(a)
    return a.name + "".join(f" {bound.op} {flat(_expr(bound.limit))}" for bound in a.bounds)


def _pattern(pattern: tree.Pattern) -> Doc:
    return ("[", *_joined(", ", [_index_item(dim) for dim in pattern.dims]), "]")


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
            return _braced((f"for {names} in ", _expr(stmt.iterable)), stmt.body, indent)
        case tree.If():
            return _if(stmt, indent)
        case _:
            return lines(_simple(stmt), indent, _WIDTH)


def _if(stmt: tree.If, indent: int) -> list[str]:
    """Every branch begins a line of its own."""
    text, word = list[str](), "if "
    while True:
        text += _braced((word, _expr(stmt.test)), stmt.then, indent)
        if len(stmt.otherwise) != 1 or not isinstance(stmt.otherwise[0], tree.If):
            break
        stmt, word = stmt.otherwise[0], "else if "
    return [*text, *_braced("else", stmt.otherwise, indent)] if stmt.otherwise else text


def _simple(stmt: tree.Let | tree.Return | tree.Expect) -> Doc:
    match stmt:
        case tree.Let():
            targets: list[Doc] = [(t.name.id, (": ", _pattern(t.pattern)) if t.pattern else "") for t in stmt.targets]
            return (*_joined(", ", targets), " = ", _expr(stmt.value))
        case tree.Return():
            values: list[Doc] = [(f"{r.name.id} = " if r.name else "", _expr(r.value)) for r in stmt.results]
            return ("return ", *_joined(", ", values))
        case tree.Expect():
            return _expect(stmt)


# ---- expressions -----------------------------------------------------------------------------------------------------


def _expr(expr: tree.Expr, least: int = 0) -> Doc:
    """An expression, in brackets where it binds less than its place asks for."""
    level, doc = _LEVELS[type(expr)](expr)
    return doc if level >= least else ("(", doc, ")")


def _conditional(e: tree.Conditional) -> tuple[int, Doc]:
    return 0, ("if ", _expr(e.test), " then ", _expr(e.then), " else ", _expr(e.otherwise))


def _binary(e: tree.Binary) -> tuple[int, Doc]:
    level, left, right = _BINARY[e.op]
    return level, (_expr(e.left, left), f" {e.op} ", _expr(e.right, right))


def _unary(e: tree.Unary) -> tuple[int, Doc]:
    level, least = _UNARY[e.op]
    return level, ("not " if e.op == "not" else "-", _expr(e.operand, least))


def _call(e: tree.Call) -> tuple[int, Doc]:
    args: list[Doc] = [(f"{a.name.id} = " if a.name else "", _expr(a.value)) for a in e.args]
    return _POSTFIX, (_expr(e.function, _POSTFIX), Group("(", args, ")"))


def _index(e: tree.Index) -> tuple[int, Doc]:
    return _POSTFIX, (_expr(e.base, _POSTFIX), "[", *_joined(", ", [_index_item(item) for item in e.items]), "]")


def _index_item(item: tree.Expr | tree.Slice | tree.Lead) -> Doc:
    if isinstance(item, tree.Lead):
        return ".."
    if not isinstance(item, tree.Slice):
        return _expr(item)
    parts = [_expr(part) if part else "" for part in (item.start, item.stop, item.step)]
    return (parts[0], ":", parts[1], *((":", parts[2]) if item.step else ()))


def _list(e: tree.List) -> tuple[int, Doc]:
    return _ATOM, Group("[", [_expr(item) for item in e.items], "]")


def _each(e: tree.Each) -> tuple[int, Doc]:
    clauses: list[Doc] = [(f"for {', '.join(n.id for n in c.names)} in ", _expr(c.iterable)) for c in e.clauses]
    test: list[Doc] = [("if ", _expr(e.test))] if e.test else []
    return _ATOM, Group("[", [_expr(e.item), *clauses, *test], "]", comma="", trailing=False)


def _unit(e: tree.Unit) -> tuple[int, Doc]:
    return _ATOM, f"{_number(e.value)} {e.unit if e.value != 1 else e.unit[:-1]}"


def _number(value: float) -> str:
    """A number without its text: as few digits as give it back."""
    return repr(value).replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def _string(text: tree.String) -> str:
    return f'"{text.value.translate(_ESCAPES)}"'


def _joined(sign: str, parts: Iterable[Doc]) -> list[Doc]:
    return [piece for i, part in enumerate(parts) for piece in ((sign, part) if i else (part,))]


_LEVELS: dict[type, Callable[[Any], tuple[int, Doc]]] = {
    tree.Conditional: _conditional, tree.Binary: _binary, tree.Unary: _unary, tree.Call: _call, tree.Index: _index,
    tree.List: _list, tree.Each: _each, tree.Unit: _unit,
    tree.Attribute: lambda e: (_POSTFIX, (_expr(e.base, _POSTFIX), f".{e.name.id}")),
    tree.Number: lambda e: (_ATOM, e.text or _number(e.value)),
    tree.Constant: lambda e: (_ATOM, {True: "true", False: "false", None: "none"}[e.value]),
    tree.String: lambda e: (_ATOM, _string(e)),
    tree.Shape: lambda e: (_ATOM, "x".join(map(str, e.dims))),
    tree.Name: lambda e: (_ATOM, e.id),
}  # fmt: skip
