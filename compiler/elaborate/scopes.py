"""Where names are looked up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...diagnostics import VitError
from ...diagnostics.source import Span
from ...grammar import tree
from ..ir.builder import Builder
from .library import Module

if TYPE_CHECKING:
    from .context import Context

MISSING: Any = object()
#: The value of a size that a pattern of the block names, but has not met as yet.
LATER: Any = object()
Source = Callable[[str], Any]


@dataclass(eq=False)
class Thunk:
    """A value made when it is first needed. `make` evaluates; a second entry while it runs is a cycle."""

    name: str
    expr: tree.Expr | None
    span: Span
    make: Callable[[], Any]
    scope: "Scope | None" = None
    running: bool = False
    type: "tree.Type | None" = None
    done: bool = False
    #: Whether `forward` asked for the value, and which other values are made of it.
    asked: bool = False
    readers: "set[Thunk]" = field(default_factory=set["Thunk"])
    result: Any = None
    failed: VitError | None = None

    def get(self, context: "Context") -> Any:
        """The value; fails with V0207 on a cycle."""
        if context.making:
            self.readers.add(context.making[-1])
        else:
            self.asked = self.asked or not context.looking
        if self.failed is not None:
            raise self.failed
        if not self.done:
            if self.running:
                context.fail("V0207", f"`{self.name}` depends on itself", self.span)
            self.running = True
            context.making.append(self)
            try:
                self.result = self.make()
            except VitError as problem:
                if all(d.code != "V0208" for d in problem.diagnostics):  # which a later try may not meet
                    self.failed = problem
                raise
            finally:
                self.running = False
                context.making.pop()
            self.done = True
        return self.result

    @property
    def read(self) -> bool:
        """Whether the value reaches `forward`, itself or in others: what nothing reads has no effect."""
        pending: list[Thunk] = [self]
        seen = {self}
        while pending:
            thunk = pending.pop()
            if thunk.asked:
                return True
            pending += thunk.readers - seen
            seen |= thunk.readers
        return False


@dataclass(eq=False)
class Scope:
    """Sources of names asked in order, and what evaluation inside needs: the module for its file's names, the builder
    that collects nodes, the sizes that patterns have named so far."""

    context: "Context"
    module: Module
    builder: Builder
    sources: tuple[Source, ...]
    shapes: dict[str, int]
    known: Callable[[], Iterable[str]]
    origins: "Callable[[str], Thunk | None]" = lambda name: None
    locals: dict[str, Any] = field(default_factory=dict[str, Any])
    #: Where a function's arguments come from.
    places: dict[str, Span] = field(default_factory=dict[str, Span])
    #: Names bound to layers of the block, for `share`.
    layer: Callable[[str], Any] = lambda name: MISSING

    def lookup(self, name: str) -> Any:
        """The value of a name, LATER or MISSING."""
        if name in self.locals:
            return self.locals[name]
        later = MISSING
        for source in self.sources:
            value = source(name)
            if value is LATER:
                later = LATER
            elif value is not MISSING:
                return value
        return later

    def origin(self, name: str) -> "Thunk | None":
        """Where the value of a name comes from, for messages."""
        if name in self.places:
            return Thunk(name, None, self.places[name], lambda: None)
        return None if name in self.locals else self.origins(name)

    def let(self, name: str, value: Any) -> None:
        """Gives a local name a value."""
        self.places.pop(name, None)
        self.locals[name] = value

    def with_locals(self, names: Mapping[str, Any]) -> "Scope":
        """The same with further names (of a comprehension), which hide others."""
        places = {n: s for n, s in self.places.items() if n not in names}
        return replace(self, locals={**self.locals, **names}, places=places)
