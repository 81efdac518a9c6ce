"""Where names are looked up, and what is handed to every part that needs a value: the scope with its interpreter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ...diagnostics import VitError
from ...diagnostics.source import Span
from ...grammar import tree
from ..ir.builder import Builder
from .context import Context, Reads, plain
from .library import Module
from .values import LATER, MISSING, Absent, Given, Value

Args = Sequence[Given]
Kwargs = Mapping[str, Given]
#: What statements return: the value (a tuple if several), and the names of the results.
Outcome: TypeAlias = tuple[Value, tuple[str, ...]]
#: The value of a name, or none.
Source = Callable[[str], Value | Absent]


class Interpreter(Protocol):
    """What gives trees their values. It comes with each scope: no part imports it."""

    @property
    def context(self) -> Context:
        """What this elaboration keeps in hand."""
        ...

    def evaluate(self, expr: tree.Expr, scope: "Scope", words: tuple[str, ...] = ()) -> Value:
        """The value of an expression; where one of `words` is expected, a bare name is one."""
        ...

    def condition(self, expr: tree.Expr, scope: "Scope") -> bool:
        """A condition that holds or not while compiling; fails with V0306 for anything else."""
        ...

    def call(self, function: Value, args: Args, kwargs: Kwargs, scope: "Scope", span: Span) -> Value:
        """Calls a value on evaluated arguments; fails with V0312 for what can't be called."""
        ...

    def execute(self, body: tuple[tree.Stmt, ...], scope: "Scope", span: Span) -> Outcome:
        """Runs statements to their `return`; fails with V0408 where there is none."""
        ...

    def definition(self, name: str, module: Module) -> Value | Absent:
        """What a name means at the top of a file."""
        ...


@dataclass(eq=False)
class Scope:
    """Sources of names asked in order, and what evaluation inside needs: the module for its file's names, the builder
    that collects nodes, the sizes that patterns have named so far, each with the place that showed it."""

    interpreter: Interpreter
    module: Module
    builder: Builder
    sources: tuple[Source, ...]
    sizes: dict[str, tuple[int, Span]]
    known: Callable[[], Iterable[str]]
    origins: "Callable[[str], Thunk | None]" = lambda name: None
    locals: dict[str, Value] = field(default_factory=dict[str, Value])
    #: Where a function's arguments come from.
    places: dict[str, Span] = field(default_factory=dict[str, Span])
    #: Names bound to layers of the block, for `share`.
    layer: Source = lambda name: MISSING

    @property
    def context(self) -> Context:
        """What this elaboration keeps in hand."""
        return self.interpreter.context

    def evaluate(self, expr: tree.Expr, words: tuple[str, ...] = ()) -> Value:
        """The value of an expression here."""
        return self.interpreter.evaluate(expr, self, words)

    def lookup(self, name: str) -> Value | Absent:
        """The value of a name, LATER or MISSING."""
        if name in self.locals:
            return self.locals[name]
        later: Value | Absent = MISSING
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
            return Thunk(self.context, name, None, self.places[name], lambda: None)
        return None if name in self.locals else self.origins(name)

    def let(self, name: str, value: Value) -> None:
        """Gives a local name a value."""
        self.places.pop(name, None)
        self.locals[name] = value

    def with_locals(self, names: Mapping[str, Value]) -> "Scope":
        """The same with further names (of a comprehension), which hide others."""
        places = {n: s for n, s in self.places.items() if n not in names}
        return Scope(self.interpreter, self.module, self.builder, self.sources, self.sizes, self.known, self.origins,
                     {**self.locals, **names}, places, self.layer)  # fmt: skip


@dataclass(eq=False)
class Thunk:
    """A value made when it is first needed. `make` evaluates; a second entry while it runs is a cycle."""

    context: Context
    name: str
    expr: tree.Expr | None
    span: Span
    make: Callable[[], Value]
    scope: Scope | None = None
    type: tree.Type | None = None
    running: bool = False
    done: bool = False
    reads: Reads = field(default_factory=Reads)
    result: Value = None
    failed: VitError | None = None

    def get(self) -> Value:
        """The value; fails with V0207 on a cycle."""
        context = self.context
        if context.making:
            self.reads.readers.add(context.making[-1])
        elif not context.looking:
            self.reads.asked = True
        if self.failed is not None:
            raise self.failed
        if not self.done:
            if self.running:
                context.fail("V0207", f"`{self.name}` depends on itself", self.span)
            self.running = True
            context.making.append(self.reads)
            try:
                self.result = context.nested(self.span, self.make)
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
        """Whether the value reaches `forward`, itself or in others."""
        return self.reads.reach_forward()


# ---- places that lead somewhere --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Place(Span):
    """The place of a value, with the expression that stands there and where its names are looked up.

    `named`: where an argument's name stands. `loose`: what is wrong is how the values in the expression meet, so that
    only what was written for one of them as a whole leads on.
    """

    expr: tree.Expr
    scope: Scope
    named: Span | None = None
    loose: bool = False


def place(expr: tree.Expr, scope: Scope, *, named: Span | None = None, loose: bool = False) -> Place:
    """The place of an expression."""
    return Place(expr.span.source, expr.span.start, expr.span.end, expr, scope, named, loose)


def named(span: Span) -> Span:
    """Where the name of an argument stands, else its value."""
    return span.named or span if isinstance(span, Place) else span


__all__ = ["Args", "Interpreter", "Kwargs", "Outcome", "Place", "Scope", "Source", "Thunk", "named", "place", "plain"]
