"""A file and its items."""

from dataclasses import dataclass

from .expressions import Name, Node, Param, String, Type
from .statements import Bind, Entry, Expect, Stmt


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
