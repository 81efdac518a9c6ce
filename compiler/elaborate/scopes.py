"""Where names are looked up, and what is handed to every part that needs a value: the scope with its interpreter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from ...diagnostics import VitError
from ...diagnostics.source import Span
from ...grammar import tree
from ..ir.builder import Builder
from .borders import entered
from .context import Context, Reads, plain
from .library import Module
from .values import LATER, MISSING, Absent, Given, Value

Args = Sequence[Given]
Kwargs = Mapping[str, Given]
#: What statements return: the value (a tuple if several), and the names of the results.
Outcome: TypeAlias = tuple[Value, tuple[str, ...]]


class Interpreter(Protocol):
    """What gives trees their values. It comes with each scope: no part imports it."""

    @property
    def context(self) -> Context:
        """The state of this elaboration."""
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
    """Where names are looked up: local ones, values of a block or a sheet, sizes, then those of the file and the language.

    `builder` collects the nodes that evaluation makes; `sizes` are those that patterns have named so far, each with the
    place that showed it.
    """

    interpreter: Interpreter
    module: Module
    builder: Builder
    sizes: dict[str, tuple[int, Span]]
    #: Values by name, asked in this order.
    thunks: "tuple[Mapping[str, Thunk], ...]" = ()
    #: The name whose value is made here, if any: the last of `thunks` holds it, and there it does not see itself.
    making: str = ""
    #: All sizes that patterns name, sooner or later.
    declared: frozenset[str] = frozenset()
    locals: dict[str, Value] = field(default_factory=dict[str, Value])
    #: Where a function's arguments come from.
    places: dict[str, Span] = field(default_factory=dict[str, Span])

    @property
    def context(self) -> Context:
        """The state of this elaboration."""
        return self.interpreter.context

    def evaluate(self, expr: tree.Expr, words: tuple[str, ...] = ()) -> Value:
        """The value of an expression here."""
        return self.interpreter.evaluate(expr, self, words)

    def lookup(self, name: str) -> Value | Absent:
        """The value of a name, LATER for a size that no pattern has met as yet, or MISSING."""
        if name in self.locals:
            return self.locals[name]
        thunk = self.thunk(name)
        if thunk is not None:
            return thunk.get()
        if name in self.sizes:
            return self.sizes[name][0]
        value = self.interpreter.definition(name, self.module)
        return LATER if value is MISSING and name in self.declared else value

    def thunk(self, name: str) -> "Thunk | None":
        """The thunk of a name of the block or the sheet."""
        for thunks in self.thunks:
            if name in thunks and not (name == self.making and thunks is self.thunks[-1]):
                return thunks[name]
        return None

    def beside(self, name: str) -> "Thunk | None":
        """The thunk of a name that stands beside the one whose value is made here."""
        return self.thunks[-1].get(name) if self.thunks and name != self.making else None

    def origin(self, name: str) -> Span | None:
        """The place of what gave a name its value, for messages."""
        if name in self.places:
            return self.places[name]
        thunk = None if name in self.locals else self.thunk(name)
        return thunk.span if thunk is not None else None

    def known(self) -> Iterator[str]:
        """The names that mean something here, those of the language apart."""
        for names in (self.locals, *self.thunks, self.sizes, self.declared):
            yield from names
        yield from self.module.names()

    def let(self, name: str, value: Value) -> None:
        """Gives a local name a value."""
        self.places.pop(name, None)
        self.locals[name] = value

    def with_locals(self, names: Mapping[str, Value]) -> "Scope":
        """The same with further names (of a comprehension), which hide others."""
        places = {n: s for n, s in self.places.items() if n not in names}
        return replace(self, locals={**self.locals, **names}, places=places)


@dataclass(eq=False)
class Thunk:
    """A value made when it is first needed, by `make`; a second entry while that runs is a cycle. `span` is where the text
    gives the value, a `Place` if it is written there."""

    context: Context
    name: str
    span: Span
    make: Callable[[], Value]
    type: tree.Type | None = None
    #: The name that numbers in the value have where it is read; empty where they keep their own.
    leaf: str = ""
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
                context.fail("V0207", f"`{self.name}` depends on itself", plain(self.span))
            self.running = True
            context.making.append(self.reads)
            try:
                made = context.nested(self.span, self.make)
                self.result = entered(made, self.leaf, self.span) if self.leaf else made
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
    """The place of a value, with the expression that stands there and the place at which what it names is given.

    `named`: where an argument's name stands. `loose`: what is wrong is how the values in the expression meet, none of them
    alone.
    """

    expr: tree.Expr
    via: Span | None = None
    named: Span | None = None
    loose: bool = False


def place(expr: tree.Expr, scope: Scope, *, named: Span | None = None, loose: bool = False) -> Place:
    """The place of an expression."""
    span = expr.span
    return Place(span.source, span.start, span.end, expr, _via(expr, scope), named, loose)


def _via(expr: tree.Expr, scope: Scope) -> Span | None:
    """Where the value of a name was given; in the library also that of what is called, repeated or chosen by a name."""
    if not isinstance(expr, tree.Name) and scope.context.own(expr.span):
        return None
    while True:
        match expr:
            case tree.Name():
                return scope.origin(expr.id)
            case tree.Index():
                expr = expr.base
            case tree.Call():
                expr = expr.function
            case tree.Each():
                expr = expr.item
            case tree.Conditional():
                expr = expr.then
            case _:
                return None


def named(span: Span) -> Span:
    """Where the name of an argument stands, else its value."""
    return span.named or span if isinstance(span, Place) else span


__all__ = ["Args", "Interpreter", "Kwargs", "Outcome", "Place", "Scope", "Thunk", "named", "place", "plain"]
