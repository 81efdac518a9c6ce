"""Expressions, and the types that say what they may be."""

from dataclasses import dataclass, field

from ...diagnostics.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """`12`, `86_567_656`, `1e-6`: an int or a float, `text` as written."""

    value: int | float
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """`true`, `false` or `none`."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class String(Node):
    """`"a text"`, unescaped."""

    value: str


@dataclass(frozen=True, slots=True)
class Shape(Node):
    """`224x224x3`."""

    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unit(Node):
    """`5 epochs`, `100 steps`; the unit is stored in the plural."""

    value: int | float
    unit: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name."""

    id: str


@dataclass(frozen=True, slots=True)
class List(Node):
    """`[a, b]`."""

    items: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Clause(Node):
    """`for x in xs` or `for i, x in xs`."""

    names: tuple[Name, ...]
    iterable: "Expr"


@dataclass(frozen=True, slots=True)
class Each(Node):
    """`[item for x in xs if test]`."""

    item: "Expr"
    clauses: tuple[Clause, ...]
    test: "Expr | None"


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x` or `not x`; `op` is `-` or `not`."""

    op: str
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`a op b`, `op` one of + - * / // % ** @ == != < <= > >= and or in, `not in`, or `..` (a range of integers)."""

    op: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`if test then a else b`."""

    test: "Expr"
    then: "Expr"
    otherwise: "Expr"


@dataclass(frozen=True, slots=True)
class Arm(Node):
    """`a | b => value` in a `match`; `cases` are words, or `none`."""

    cases: tuple[Name, ...]
    value: "Expr"


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`match subject { a => x, b | none => y }`: right of `=` and after `return`."""

    subject: "Expr"
    arms: tuple[Arm, ...]


@dataclass(frozen=True, slots=True)
class Arg(Node):
    """An argument of a call; `path` is empty for one by position, `attn.heads` is two names."""

    path: tuple[Name, ...]
    value: "Expr"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`f(a, k = b)`."""

    function: "Expr"
    args: tuple[Arg, ...]


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`a:b:c` inside an index; absent parts are None."""

    start: "Expr | None"
    stop: "Expr | None"
    step: "Expr | None"


@dataclass(frozen=True, slots=True)
class Lead(Node):
    """`..` as the first item of an index or of a shape pattern: any leading axes."""


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`x[items]`."""

    base: "Expr"
    items: "tuple[Expr | Slice | Lead, ...]"


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`x.name`."""

    base: "Expr"
    name: Name


Expr = (Number | Constant | String | Shape | Unit | Name | List | Each | Unary | Binary | Conditional | Match | Call
        | Index | Attribute)  # fmt: skip


# ---- types -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pattern(Node):
    """`[N, D]`, `[.., N, 2 * C]`, `[]`: the written axes of a tensor."""

    dims: "tuple[Expr | Lead, ...]"


@dataclass(frozen=True, slots=True)
class Bound(Node):
    """`> 0`, `<= 1`: what a parameter's value must keep to."""

    op: str
    limit: "Expr"


@dataclass(frozen=True, slots=True)
class Word(Node):
    """One alternative of a type: `int`, `block`, `none`, or a word of the author's such as `token`; `int > 0 <= 9` has bounds."""

    name: str
    bounds: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True)
class Type(Node):
    """`a | b | c`."""

    alternatives: tuple[Word | Pattern, ...]


@dataclass(frozen=True, slots=True)
class Param(Node):
    """`name: type = default`; type and default may be absent, not both of a block's."""

    name: Name
    type: Type | None
    default: Expr | None
