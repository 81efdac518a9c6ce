"""Where names are looked up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...grammar import tree
from ...grammar.source import Span
from ..ir.builder import Builder
from .library import Module

if TYPE_CHECKING:
    from .context import Context

MISSING: Any = object()
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
    result: Any = None

    def get(self, context: "Context") -> Any:
        """The value; fails with V0207 on a cycle."""
        if not self.done:
            if self.running:
                context.fail("V0207", f"`{self.name}` depends on itself", self.span)
            self.running = True
            try:
                self.result = self.make()
            finally:
                self.running = False
            self.done = True
        return self.result


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
    layers: "Callable[[str], Any] | None" = None
    #: Right of `=` in a block, where a layer's name means nothing.
    binding: bool = False

    def lookup(self, name: str) -> Any:
        """The value of a name or MISSING."""
        if name in self.locals:
            return self.locals[name]
        for source in self.sources:
            value = source(name)
            if value is not MISSING:
                return value
        return MISSING

    def with_locals(self, names: Mapping[str, Any]) -> "Scope":
        """The same with further names (of a comprehension), which hide others."""
        return replace(self, locals={**self.locals, **names})
