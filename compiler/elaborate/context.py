"""What one elaboration keeps in hand: budgets, the chain of layers for messages, results to reuse."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ...grammar.diagnostics import Diagnostic, Label, VitError
from ...grammar.source import Source, Span
from ..ir.types import TensorType
from .blame import Place, follow, number, plain
from .values import listed

#: Of one model; the largest of those bundled takes 6,000.
MAX_STEPS = 100_000
MAX_DEPTH = 60
MAX_ITEMS = 10_000
MAX_RANK = 16
MAX_ELEMENTS = 2**36
#: Elements of all constant tensors together: what the compiler computes itself.
MAX_CONSTANT = 2**25
MAX_INTEGER = 2**53


@dataclass(frozen=True, slots=True)
class Frame:
    """A layer on the way from the model down: its name in its parent, its block, where it is called and where the block
    value was made."""

    path: str
    block: str
    span: Span
    made: Span


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that a sheet gives a parameter; `sizes` is true for a parameter that the block's shapes speak of."""

    name: str
    value: int
    span: Span
    sizes: bool


@dataclass(eq=False)
class Context:
    """`training` is the mode being elaborated; `asked` notes that something tested it."""

    training: bool = False
    asked: bool = False
    #: Texts of the library: mistakes are led from there back to the user's own.
    library: frozenset[Source] = frozenset()
    steps: int = 0
    depth: int = 0
    constants: int = 0
    frames: list[Frame] = field(default_factory=list[Frame])
    #: The functions being inlined, outermost first, and where each is called.
    functions: list[str] = field(default_factory=list[str])
    calls: list[Span] = field(default_factory=list[Span])
    memo: dict[Any, Any] = field(default_factory=dict[Any, Any])
    settings: list[Setting] = field(default_factory=list[Setting])

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
        if span is not None:
            span, more = self._blamed(span, label, sizes)
            label = "" if more else label
            others = (*others, *more, *self._set_elsewhere(sizes, span, others))
        others = tuple(Label(plain(o.span), o.text) for o in others)
        raise VitError((Diagnostic(code, message, span and plain(span), label, others, self.chain(), help),))

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
        found = next((s for size in sizes if (s := self.setting(size)) and self.own(s.span)), None)
        return (found.span if found else self.frames[0].made), (where,)

    def _set_elsewhere(self, sizes: tuple[int, ...], span: Span, others: tuple[Label, ...]) -> list[Label]:
        taken = [(o.span.source, o.span.start) for o in others] + [(span.source, span.start)]
        found = [(size, self.setting(size)) for size in dict.fromkeys(sizes)]
        labels = [Label(s.span, f"{size} set here") for size, s in found if s is not None]
        return [o for o in labels if (o.span.source, o.span.start) not in taken]

    def setting(self, size: int) -> Setting | None:
        """The parameter of the sheet that most likely set a size."""
        alike = [s for s in self.settings if s.value == size]
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
            self.fail("V0502", f"this text asks for more than {MAX_STEPS:,} steps of elaboration", span)

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
        if type.size > MAX_ELEMENTS:
            self.fail(
                "V0501",
                f"a tensor {list(type.shape)} has {type.size:.3g} elements, more than {MAX_ELEMENTS:.3g}",
                span,
                sizes=type.shape,
            )
        if type.stage == "const":
            self.constants += type.size
            if self.constants > MAX_CONSTANT:
                self.fail("V0507", f"more than {MAX_CONSTANT:,} elements of constants are computed here", span,
                          label=f"a tensor {list(type.shape)}")  # fmt: skip
        return type

    def integer(self, value: Any, span: Span) -> Any:
        """Refuses integers (and lists) beyond all sizes."""
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            self.fail("V0501", "an integer beyond 2**53 comes out of this", span)
        items = listed(value)
        if items is not None:
            self.step(span, len(items) // 16)
            if len(items) > MAX_ITEMS:
                self.fail("V0504", f"a list of more than {MAX_ITEMS:,} items comes out of this", span)
        return value


__all__ = ["MAX_ITEMS", "Context", "Frame", "Place", "Setting"]
