"""The syntax tree: one frozen class per construct, each with its span.

Expressions, types, statements and items only say what was written; what it means is `compiler/elaborate`'s business.
Spans take no part in equality, so that `parse(print(tree)) == tree`.
"""

from dataclasses import dataclass, field

from ..diagnostics.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Anything with a place in the text."""

    span: Span = field(compare=False, repr=False)


# ---- expressions -----------------------------------------------------------------------------------------------------


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


# ---- statements ------------------------------------------------------------------------------------------------------


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

# ---- items of a file -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use "file.vit"`."""

    path: String


@dataclass(frozen=True, slots=True)
class Out(Node):
    """One result of a signature: `[N, D]` or `logits: [classes]`."""

    name: Name | None
    type: Type


@dataclass(frozen=True, slots=True)
class Forward(Node):
    """`forward(x: [N, D]) -> [N, D] { ... }`."""

    params: tuple[Param, ...]
    results: tuple[Out, ...]
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Function(Node):
    """`fn name(params) -> type { ... }`; `= expr` is a body of one `Return`, `short` remembers it."""

    name: Name
    params: tuple[Param, ...]
    result: Type | None
    body: tuple[Stmt, ...]
    short: bool = False


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`block name(params) { binds and expects, then forward }`."""

    name: Name
    params: tuple[Param, ...]
    entries: tuple[Bind | Expect, ...]
    forward: Forward


@dataclass(frozen=True, slots=True)
class Model(Node):
    """`model name = base { entries }`."""

    name: Name
    base: Name
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Section(Node):
    """`data { ... }` for every model of the file, `train name { ... }` for one."""

    kind: Name
    model: Name | None
    entries: tuple[Entry, ...]


Item = Use | Function | Block | Model | Section


@dataclass(frozen=True, slots=True)
class Lost:
    """What the broken items of a text may hold: names they define, all their words, kinds of sections; or anything."""

    defined: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    anything: bool = False


@dataclass(frozen=True, slots=True)
class File(Node):
    """A whole text: the edition of its header and its items; of a text with mistakes the intact ones, and what is lost."""

    edition: int
    items: tuple[Item, ...]
    lost: Lost | None = None
