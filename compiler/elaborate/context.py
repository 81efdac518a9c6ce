"""What one elaboration keeps in hand: budgets, the chain of layers for messages, results to reuse."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from ...diagnostics import Diagnostic, Label, VitError
from ...diagnostics.source import Source, Span
from ..ir.types import TensorType
from .blame import Place, follow, number, plain, sizes_behind
from .values import listed

if TYPE_CHECKING:
    from .scopes import Thunk

#: Of one model; the largest of those bundled takes 6,000.
MAX_STEPS = 100_000
MAX_DEPTH = 60
MAX_ITEMS = 10_000
MAX_RANK = 16
MAX_ELEMENTS = 2**36
#: Elements of all constant tensors together: what the compiler computes itself.
MAX_CONSTANT = 2**25
MAX_INTEGER = 2**53
#: A number from which on a budget may be due to it alone.
_LARGE = 1000
#: Codes that tell of a number too large: they are put at the number.
BUDGETS = ("V0501", "V0502", "V0504", "V0507")


@dataclass(frozen=True, slots=True)
class Frame:
    """A layer on the way from the model down: its name in its parent, its block, where it is called and where the block
    value was made."""

    path: str
    block: str
    span: Span
    made: Span


@dataclass(frozen=True, slots=True)
class Size:
    """A number that a parameter of the model has; `sizes` is true for a parameter that the block's shapes name. `given`: a
    sheet sets it; `usual`: its default then, else 1."""

    name: str
    value: int
    span: Span
    sizes: bool
    given: bool
    usual: int


@dataclass(eq=False)
class Context:
    """`training` is the mode being elaborated; `asked` notes that something tested it."""

    training: bool = False
    asked: bool = False
    #: Texts of the library: mistakes are led from there back to the user's own.
    library: frozenset[Source] = frozenset()
    #: All bundled texts but the one looked at: what has no effect in them is not the user's to know.
    bundled: frozenset[Source] = frozenset()
    steps: int = 0
    depth: int = 0
    constants: int = 0
    frames: list[Frame] = field(default_factory=list[Frame])
    #: The functions being inlined, outermost first, and where each is called.
    functions: list[str] = field(default_factory=list[str])
    calls: list[Span] = field(default_factory=list[Span])
    memo: dict[Any, Any] = field(default_factory=dict[Any, Any])
    sizes: list[Size] = field(default_factory=list[Size])
    blaming: bool = False
    #: The loops being run, outermost first: the number of turns, and where the list stands.
    loops: list[tuple[int, Span]] = field(default_factory=list[tuple[int, Span]])
    warnings: list[Diagnostic] = field(default_factory=list[Diagnostic])
    #: The values that are being computed, outermost first; `looking`: what is asked for now is only looked at.
    making: "list[Thunk]" = field(default_factory=list["Thunk"])
    looking: bool = False
    #: Whether there is a tensor without elements, which only `concat` may take.
    empty: bool = False
    #: Settings and layers by the place of their names: whether any layer used them, and the warning where none did.
    effects: dict[Span, tuple[bool, Diagnostic]] = field(default_factory=dict[Span, tuple[bool, Diagnostic]])

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
        sizes: tuple[int, ...] = (),
    ) -> NoReturn:
        """Stops with a diagnostic that tells the chain of layers. It is put at the user's text nearest to `span`; `sizes`
        are numbers that disagree: where the text sets one of them is told too."""
        if self.blaming:  # while a place is looked for: what fails on the way is of no interest
            raise VitError((Diagnostic(code, message),))
        self.blaming = True
        used, self.steps = self.steps, 0  # where all steps are used up, the values behind a place can still be computed
        try:
            raise VitError((self._diagnostic(code, message, span, label, help, others, sizes),))
        finally:
            self.blaming, self.steps = False, used

    def _diagnostic(self, code: str, message: str, span: Span | None, label: str, help: str, others: tuple[Label, ...],
                    sizes: tuple[int, ...]) -> Diagnostic:  # fmt: skip
        if span is not None:
            large = self._too_large(span, sizes) if code in BUDGETS else None
            if large is not None:
                apart = isinstance(span, Place) and not (
                    large.source is span.source and span.start <= large.start < span.end
                )
                span, more = large, (Label(plain(span), label or "here"),) if apart else ()
            else:
                span, more = self._blamed(span, label, sizes)
            label = "" if more else label
            others = (*others, *more, *self._set_elsewhere(sizes, span, others))
        others = tuple(Label(plain(o.span), o.text) for o in others)
        return Diagnostic(code, message, span and plain(span), label, others, self.chain(), help)

    def _blamed(self, span: Span, label: str, sizes: tuple[int, ...]) -> tuple[Span, tuple[Label, ...]]:
        """The user's text for a place, and a label on the place itself if that is another and not on the way there."""
        loose = isinstance(span, Place) and span.loose
        led = None if loose else follow(span)
        if led is not None:
            return number(led, sizes), ()
        if self.own(span):
            return span, ()
        where = Label(plain(span), label or "here")
        for call in reversed(self.calls):
            if self.own(call):
                return call, (where,)
        led = follow(span) if loose else None
        if led is not None:
            return number(led, sizes), (where,)
        if not self.frames:
            return span, ()
        for frame in reversed(self.frames):
            made = follow(frame.made, inside=False) or (frame.made if self.own(frame.made) else None)
            if made is not None and frame.path:
                return made, (where,)
        found = next((s for size in sizes if (s := self.size(size)) and self.own(s.span)), None)
        return (found.span if found else self.frames[0].made), (where,)

    def _too_large(self, span: Span, sizes: tuple[int, ...]) -> Span | None:
        """The number in the user's text to which a budget is due: one of `sizes`, the largest first; else the largest that
        a place is computed from; else that of the sheet which is furthest from its default."""
        behind = sizes_behind(span)
        for size in sorted({size for size in sizes if size >= _LARGE}, reverse=True):
            found = next((at for value, at in behind if value == size), None)
            given = self.size(size)
            if found is None and given is not None and self.own(given.span):
                found = given.span
            if found is not None:
                return found
        mine = [s for s in self.sizes if self.own(s.span) and s.value > s.usual and (s.given or s.value >= _LARGE)]
        if sizes:  # the place is a tensor, of which the values that made it may be far apart
            behind = [
                *(pair for pair in behind if pair[0] >= _LARGE),
                *((s.value, s.span) for s in mine if s.value >= _LARGE),
            ]
        if behind:
            return max(behind, key=lambda pair: pair[0])[1]
        likely = max(mine, key=lambda s: (s.given, s.value / s.usual), default=None)
        return None if likely is None else likely.span

    def _set_elsewhere(self, sizes: tuple[int, ...], span: Span, others: tuple[Label, ...]) -> list[Label]:
        taken = [(o.span.source, o.span.start) for o in others] + [(span.source, span.start)]
        found = [(size, self.size(size)) for size in dict.fromkeys(sizes)]
        labels = [Label(s.span, f"{size} set here") for size, s in found if s is not None]
        return [o for o in labels if (o.span.source, o.span.start) not in taken]

    def size(self, size: int) -> Size | None:
        """The parameter of the sheet that most likely set a size."""
        alike = [s for s in self.sizes if s.value == size]
        return max(alike, key=lambda s: (self.own(s.span), s.sizes), default=None)

    def chain(self) -> tuple[str, ...]:
        """The frames as lines, the innermost layer with its full path."""
        path = ".".join(frame.path for frame in self.frames if frame.path)
        if not self.frames or not path:
            return ()
        frame = self.frames[-1]
        return (f"in {frame.span.source.name}:{frame.span.line}   layer {path}, block `{frame.block}`",)

    def step(self, span: Span, count: int = 1) -> None:
        """Counts work, so that no text can keep the compiler busy for long."""
        self.steps += count
        if self.steps > MAX_STEPS:
            longest = max(self.loops, default=(0, span), key=lambda loop: loop[0])
            at = longest[1] if longest[0] > 100 else span
            self.fail("V0502", f"this text asks for more than {MAX_STEPS:,} steps of elaboration", at)

    @contextmanager
    def loop(self, turns: int, span: Span) -> Generator[None]:
        """Inside a loop over a list."""
        self.loops.append((turns, span))
        try:
            yield
        finally:
            self.loops.pop()

    @contextmanager
    def deeper(self, span: Span) -> Generator[None]:
        """One more level of blocks, functions or values inside each other."""
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

    def integer(self, value: Any, span: Span) -> Any:
        """Refuses integers (and lists) beyond all sizes."""
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            self.fail("V0501", "an integer beyond 2**53", span, help="write a number that large as a float: 1e18")
        items = listed(value)
        if items is not None:
            self.step(span, len(items) // 16)
            if len(items) > MAX_ITEMS:
                self.too_long(span, len(items))
        return value

    def too_long(self, span: Span, count: int) -> NoReturn:
        """Refuses a list of more than `MAX_ITEMS`."""
        self.fail("V0504", f"a list of {about(count)} items is longer than {MAX_ITEMS:,}", span)


def about(count: int) -> str:
    """A count as people read it: 100,000, and from 10**15 on a power of ten."""
    return f"{count:,}" if count < 10**15 else f"10**{len(str(count)) - 1}"


__all__ = ["MAX_ITEMS", "Context", "Frame", "Place", "Size", "about"]
