"""What a body holds line by line: statements, and the entries of sheets and sections."""

from dataclasses import dataclass

from .expressions import Expr, Name, Node, Pattern, String


@dataclass(frozen=True, slots=True)
class Bind(Node):
    """`name = value` in a block, a sheet or a section."""

    name: Name
    value: Expr


@dataclass(frozen=True, slots=True)
class Amend(Node):
    """`name { entries }` in a sheet or a section; `a.b = v` is `a { b = v }`. The entries set parts of what `name` is: of a
    block or an op, of a choice in a section, or of a mapping (`labels { cat = "a cat" }`)."""

    name: Name
    entries: "tuple[Entry, ...]"


@dataclass(frozen=True, slots=True)
class PatternBind(Node):
    """`"blocks.{i}.fc2.weight" = value`: a key in quotes, which the section `init` and mappings take."""

    pattern: String
    value: Expr


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """`expect condition else "text"`."""

    condition: Expr
    message: String | None


#: What stands in the braces of a sheet or a section.
Entry = Bind | Amend | PatternBind | Expect


@dataclass(frozen=True, slots=True)
class Target(Node):
    """`x` or `x: [N, D]` left of `=`."""

    name: Name
    pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class Let(Node):
    """`a, b = value`."""

    targets: tuple[Target, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class For(Node):
    """`for x in xs { ... }`."""

    names: tuple[Name, ...]
    iterable: Expr
    body: "tuple[Stmt, ...]"


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if test { ... } else { ... }`; an `else if` is an `If` alone in `otherwise`."""

    test: Expr
    then: "tuple[Stmt, ...]"
    otherwise: "tuple[Stmt, ...]"


@dataclass(frozen=True, slots=True)
class Result(Node):
    """One value of a `return`, with its name where one is written."""

    name: Name | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Return(Node):
    """`return a, b` or `return logits = y, aux = z`."""

    results: tuple[Result, ...]


Stmt = Let | Expect | For | If | Return
