"""The state of one elaboration: budgets, findings, the chain of layers for messages, layers to reuse."""

from collections.abc import Callable, Generator, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Thread
from typing import NoReturn, TypeVar, TypeVarTuple

from ...diagnostics import Diagnostic, Label, VitError
from ...diagnostics.source import Source, Span
from ..ir.types import TensorType
from .values import Elaborated, Value, listed

#: Of one model; the largest of those bundled takes 6,000.
MAX_STEPS = 100_000
MAX_DEPTH = 60
MAX_ITEMS = 10_000
MAX_RANK = 16
MAX_ELEMENTS = 2**36
#: Elements of all constant tensors together: what the compiler computes itself.
MAX_CONSTANT = 2**25
MAX_INTEGER = 2**53
#: Expressions, statements and values inside each other, through all definitions.
MAX_LEVELS = 2_000
#: Of these, how many one thread takes.
_LEVELS_OF_A_THREAD = 30

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
V = TypeVar("V", bound=Value)


@dataclass(frozen=True, slots=True)
class Frame:
    """A layer on the way from the model down: its name in its parent, its block, where it is called and where the block
    value was made."""

    path: str
    block: str
    span: Span
    made: Span


@dataclass(eq=False)
class Reads:
    """Who reads a value: `forward` itself (`asked`), or other values that are made of it."""

    asked: bool = False
    readers: "set[Reads]" = field(default_factory=set["Reads"])

    def reach_forward(self) -> bool:
        """Whether `forward` reads the value, itself or in others: what nothing reads has no effect."""
        pending: list[Reads] = [self]
        seen: set[Reads] = {self}
        while pending:
            reads = pending.pop()
            if reads.asked:
                return True
            pending += reads.readers - seen
            seen |= reads.readers
        return False


#: Finds the user's text for a mistake: from its code, place, label, the value that is wrong and the numbers that disagree, the
#: place to point to and labels for further ones.
Blame = Callable[["Context", str, Span, str, object, Sequence[float]], tuple[Span, tuple[Label, ...]]]


@dataclass(eq=False)
class Context:
    """`training` is the mode being elaborated; `asked` notes that something tested it."""

    blame: Blame
    #: Texts of the library: mistakes are led from there back to the user's own.
    library: frozenset[Source] = frozenset()
    #: All bundled texts but the one looked at: what has no effect in them is not the user's to know.
    bundled: frozenset[Source] = frozenset()
    training: bool = False
    asked: bool = False
    steps: int = 0
    depth: int = 0
    level: int = 0
    constants: int = 0
    #: Whether there is a tensor without elements, which only `concat` may take.
    empty: bool = False
    frames: list[Frame] = field(default_factory=list[Frame])
    #: The functions being inlined, outermost first, and where each is called.
    functions: list[str] = field(default_factory=list[str])
    calls: list[Span] = field(default_factory=list[Span])
    #: The loops being run, outermost first: the number of turns, the last item, and where the list stands.
    loops: list[tuple[int, Value, Span]] = field(default_factory=list[tuple[int, Value, Span]])
    #: Of all loops the longest: the number of turns, and the last item.
    longest: tuple[int, Value] = (0, None)
    #: The values that are being made, outermost first; `looking`: what is asked for now is only looked at.
    making: list[Reads] = field(default_factory=list[Reads])
    looking: bool = False
    warnings: list[Diagnostic] = field(default_factory=list[Diagnostic])
    #: Settings and layers by the place of their names: whether any layer used them, and the warning where none did.
    effects: dict[Span, tuple[bool, Diagnostic]] = field(default_factory=dict[Span, tuple[bool, Diagnostic]])
    #: The identities of the definitions of blocks that were run.
    ran: set[int] = field(default_factory=set[int])
    #: Blocks that were run, by value and types of arguments; with what their keys name by id, which so stays alive.
    made: dict[Hashable, tuple[Elaborated, object]] = field(default_factory=dict[Hashable, tuple[Elaborated, object]])

    # ---- findings ----------------------------------------------------------------------------------------------------

    def warn(self, code: str, message: str, span: Span, *, help: str = "", others: tuple[Label, ...] = ()) -> None:
        """Warns of something in the user's own text that has no effect, or another one than it seems to have."""
        if span.source not in self.bundled:
            found = Diagnostic(code, message, plain(span), others=others, help=help, severity="warning")
            self.warnings += [] if found in self.warnings else [found]

    def effect(self, code: str, span: Span, used: bool, message: str) -> None:
        """Records whether a layer used what is set or bound at a place."""
        if span.source not in self.bundled:
            place = plain(span)
            before = self.effects.get(place, (False,))[0]
            self.effects[place] = before or used, Diagnostic(code, message, place, severity="warning")

    @contextmanager
    def only_looking(self) -> Generator[None]:
        """Looks at the values that the block asks for: that is no use of them."""
        self.looking = True
        try:
            yield
        finally:
            self.looking = False

    def own(self, span: Span) -> bool:
        """Whether a place is in the user's text."""
        return span.source not in self.library

    def fail(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        label: str = "",
        help: str = "",
        others: tuple[Label, ...] = (),
        about: Value = None,
        sizes: Sequence[float] = (),
    ) -> NoReturn:
        """Stops with a diagnostic that tells the chain of layers. It is put at the user's text nearest to `span`: `about` is the
        value that is wrong, `sizes` are numbers that disagree."""
        if span is not None:
            span, more = self.blame(self, code, span, label, about, sizes)
            label = "" if more else label
            others = (*others, *more)
        others = tuple(Label(plain(o.span), o.text) for o in others)
        raise VitError((Diagnostic(code, message, span and plain(span), label, others, self.chain(), help),))

    def chain(self) -> tuple[str, ...]:
        """The innermost layer with its full path, as a line of a message."""
        path = ".".join(frame.path for frame in self.frames if frame.path)
        if not self.frames or not path:
            return ()
        frame = self.frames[-1]
        return (f"in {frame.span.source.name}:{frame.span.line}   layer {path}, block `{frame.block}`",)

    # ---- where elaboration is ----------------------------------------------------------------------------------------

    @contextmanager
    def loop(self, turns: int, last: Value, span: Span) -> Generator[None]:
        """Inside a loop over a list."""
        self.loops.append((turns, last, span))
        self.longest = max(self.longest, (turns, last), key=lambda loop: loop[0])
        try:
            yield
        finally:
            self.loops.pop()

    @contextmanager
    def deeper(self, span: Span) -> Generator[None]:
        """One more level of blocks and functions inside each other."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(
                "V0503",
                f"more than {MAX_DEPTH} blocks, functions and values stand inside each other",
                span,
                help="a definition that contains itself never ends",
            )
        try:
            yield
        finally:
            self.depth -= 1

    @contextmanager
    def function(self, name: str, span: Span) -> Generator[None]:
        """Inside a `fn`."""
        self.functions.append(name)
        self.calls.append(span)
        try:
            with self.deeper(span):
                yield
        finally:
            self.functions.pop()
            self.calls.pop()

    @contextmanager
    def frame(self, path: str, block: str, span: Span, made: Span) -> Generator[None]:
        """Inside a layer."""
        functions, calls, self.functions, self.calls = self.functions, self.calls, [], []
        self.frames.append(Frame(path, block, span, made))
        try:
            yield
        finally:
            self.frames.pop()
            self.functions, self.calls = functions, calls

    def nested(self, span: Span, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Runs what may nest to any depth: an expression in an expression, a value made of a value.

        Python bounds the calls inside each other for each thread, so every so many levels go on in a thread of their own;
        the one above waits. No bound of the interpreter is changed. Fails with V0503 beyond `MAX_LEVELS`.
        """
        self.level += 1
        try:
            if self.level % _LEVELS_OF_A_THREAD:
                return work(*args)
            if self.level > MAX_LEVELS:
                self.fail("V0503", "this text is nested deeper than the compiler follows", span)
            return _in_a_thread(partial(work, *args))
        finally:
            self.level -= 1

    # ---- budgets -----------------------------------------------------------------------------------------------------

    def step(self, span: Span, count: int = 1) -> None:
        """Counts work, so that no text can keep the compiler busy for long."""
        self.steps += count
        if self.steps > MAX_STEPS:
            count, last, at = max(self.loops, default=(0, None, span), key=lambda loop: loop[0])
            many = count > 100
            message = f"this text asks for more than {MAX_STEPS:,} steps of elaboration"
            self.fail("V0502", message, at if many else span, about=last if many else None)

    def sized(self, type: TensorType, span: Span | None) -> TensorType:
        """Refuses tensors that no machine holds, and more constants than the compiler could compute."""
        if type.rank > MAX_RANK:
            self.fail("V0506", f"a tensor of {type.rank} axes; {MAX_RANK} are enough", span)
        size = type.size
        if size > MAX_ELEMENTS:
            self.fail(
                "V0501",
                f"a tensor {list(type.shape)} has {size:.3g} elements, more than {MAX_ELEMENTS:.3g}",
                span,
                sizes=type.shape,
            )
        self.empty = self.empty or size == 0
        if type.stage == "const":
            self.constants += size
            if self.constants > MAX_CONSTANT:
                self.fail("V0507", f"more than {MAX_CONSTANT:,} elements of constants are computed here", span,
                          label=f"a tensor {list(type.shape)}", sizes=type.shape)  # fmt: skip
        return type

    def bounded(self, value: V, span: Span) -> V:
        """Refuses integers beyond all sizes and lists beyond `MAX_ITEMS`."""
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            self.fail("V0501", "an integer beyond 2**53", span, about=value,
                      help="write a number that large as a float: 1e18")  # fmt: skip
        items = listed(value)
        if items is not None:
            self.step(span, len(items) // 16)
            if len(items) > MAX_ITEMS:
                self.too_long(span, len(items))
        return value

    def too_long(self, span: Span, count: int) -> NoReturn:
        """Refuses a list of more than `MAX_ITEMS`."""
        self.fail("V0504", f"a list of {power(count)} items is longer than {MAX_ITEMS:,}", span, about=count)


def power(count: int) -> str:
    """A count as people read it: 100,000, and from 10**15 on a power of ten."""
    return f"{count:,}" if count < 10**15 else f"10**{len(str(count)) - 1}"


def plain(span: Span) -> Span:
    """A place without what it leads to."""
    return span if type(span) is Span else Span(span.source, span.start, span.end)


def _in_a_thread(work: Callable[[], T]) -> T:
    """The result of work done in a thread of its own, which is waited for; raises what it raises."""
    results: list[T] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as problem:  # handed to the thread that waits
            problems.append(problem)

    thread = Thread(target=run, daemon=True)
    try:
        thread.start()
    except RuntimeError as problem:  # the machine gives no further thread
        raise RecursionError from problem
    thread.join()
    if problems:
        raise problems[0]
    return results[0]
