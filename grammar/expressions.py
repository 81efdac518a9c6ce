"""Expressions as text, with no bracket that the order of operations does not ask for."""

from collections.abc import Callable, Iterable
from typing import Any

from . import tree
from .doc import Doc, Group
from .values import number, quoted, shape

#: How tightly an operator binds, and the least its left and right sides must bind.
_BINARY = {
    "or": (1, 1, 2), "and": (2, 2, 3), "in": (4, 5, 5), "not in": (4, 5, 5), "..": (5, 6, 6),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), (4, 5, 5)),
    **dict.fromkeys("+-", (6, 6, 7)), **dict.fromkeys(("*", "/", "//", "%", "@"), (7, 7, 8)), "**": (9, 10, 8),
}  # fmt: skip
_UNARY = {"not": (3, 3), "-": (8, 8)}
_POSTFIX, _ATOM = 10, 11


def expression(expr: tree.Expr, least: int = 0) -> Doc:
    """An expression, in brackets where it binds less than its place asks for."""
    level, doc = _LEVELS[type(expr)](expr)
    return doc if level >= least else ("(", doc, ")")


def _conditional(e: tree.Conditional) -> tuple[int, Doc]:
    return 0, ("if ", expression(e.test), " then ", expression(e.then), " else ", expression(e.otherwise))


def _binary(e: tree.Binary) -> tuple[int, Doc]:
    level, left, right = _BINARY[e.op]
    return level, (expression(e.left, left), f" {e.op} ", expression(e.right, right))


def _unary(e: tree.Unary) -> tuple[int, Doc]:
    level, least = _UNARY[e.op]
    return level, ("not " if e.op == "not" else "-", expression(e.operand, least))


def _call(e: tree.Call) -> tuple[int, Doc]:
    args: list[Doc] = [(f"{dotted(a.path)} = " if a.path else "", expression(a.value)) for a in e.args]
    return _POSTFIX, (expression(e.function, _POSTFIX), Group("(", args, ")"))


def _index(e: tree.Index) -> tuple[int, Doc]:
    return _POSTFIX, (expression(e.base, _POSTFIX), "[", *joined(", ", [index_item(item) for item in e.items]), "]")


def index_item(item: tree.Expr | tree.Slice | tree.Lead) -> Doc:
    """An item of an index, or a dimension of a shape pattern."""
    if isinstance(item, tree.Lead):
        return ".."
    if not isinstance(item, tree.Slice):
        return expression(item)
    parts = [expression(part) if part else "" for part in (item.start, item.stop, item.step)]
    return (parts[0], ":", parts[1], *((":", parts[2]) if item.step else ()))


def _list(e: tree.List) -> tuple[int, Doc]:
    plain = all(isinstance(item, tree.String | tree.Number) for item in e.items)
    return _ATOM, Group("[", [expression(item) for item in e.items], "]", fill=plain)


def _each(e: tree.Each) -> tuple[int, Doc]:
    clauses: list[Doc] = [(f"for {', '.join(n.id for n in c.names)} in ", expression(c.iterable)) for c in e.clauses]
    test: list[Doc] = [("if ", expression(e.test))] if e.test else []
    return _ATOM, Group("[", [expression(e.item), *clauses, *test], "]", comma="", trailing=False)


def _unit(e: tree.Unit) -> tuple[int, Doc]:
    return _ATOM, f"{number(e.value)} {e.unit if e.value != 1 else e.unit[:-1]}"


def dotted(path: Iterable[tree.Name]) -> str:
    """A path as it is written."""
    return ".".join(name.id for name in path)


def _match(e: tree.Match) -> tuple[int, Doc]:
    arms: list[Doc] = [(f"{' | '.join(c.id for c in arm.cases)} => ", expression(arm.value)) for arm in e.arms]
    return 0, ("match ", expression(e.subject), " ", Group("{", arms, "}", braces=True))


def string(text: tree.String) -> str:
    """A text in quotes."""
    return quoted(text.value)


def joined(sign: str, parts: Iterable[Doc]) -> list[Doc]:
    """Parts with a sign between them."""
    return [piece for i, part in enumerate(parts) for piece in ((sign, part) if i else (part,))]


_LEVELS: dict[type, Callable[[Any], tuple[int, Doc]]] = {
    tree.Conditional: _conditional, tree.Binary: _binary, tree.Unary: _unary, tree.Call: _call, tree.Index: _index,
    tree.List: _list, tree.Each: _each, tree.Unit: _unit, tree.Match: _match,
    tree.Attribute: lambda e: (_POSTFIX, (expression(e.base, _POSTFIX), f".{e.name.id}")),
    tree.Number: lambda e: (_ATOM, e.text or number(e.value)),
    tree.Constant: lambda e: (_ATOM, {True: "true", False: "false", None: "none"}[e.value]),
    tree.String: lambda e: (_ATOM, string(e)),
    tree.Shape: lambda e: (_ATOM, shape(e.dims)),
    tree.Name: lambda e: (_ATOM, e.id),
}  # fmt: skip
