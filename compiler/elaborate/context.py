"""What one elaboration keeps in hand: budgets, the chain of layers for messages, results to reuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ...grammar.diagnostics import Diagnostic, Label, VitError
from ...grammar.source import Span
from ..ir.types import TensorType

MAX_STEPS = 2_000_000
MAX_DEPTH = 60
MAX_ITEMS = 10_000
MAX_ELEMENTS = 2**36
MAX_INTEGER = 2**53


@dataclass(frozen=True, slots=True)
class Frame:
    """A layer on the way from the model down: its name in its parent, its block, and where it is called."""

    path: str
    block: str
    span: Span


@dataclass(eq=False)
class Context:
    """`training` is the mode being elaborated; `asked` notes that something tested it."""

    training: bool = False
    asked: bool = False
    steps: int = 0
    depth: int = 0
    frames: list[Frame] = field(default_factory=list[Frame])
    functions: list[str] = field(default_factory=list[str])
    memo: dict[Any, Any] = field(default_factory=dict[Any, Any])
    #: Parameters of the model with their numbers and places in the user's text: errors point there.
    settings: dict[str, tuple[Any, Span]] = field(default_factory=dict[str, tuple[Any, Span]])

    def fail(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        label: str = "",
        help: str = "",
        others: tuple[Label, ...] = (),
    ) -> NoReturn:
        """Stops with a diagnostic that tells the chain of layers."""
        raise VitError((Diagnostic(code, message, span, label, others, self.chain(), help),))

    def chain(self) -> tuple[str, ...]:
        """The frames as lines, the innermost layer with its full path."""
        path = ".".join(frame.path for frame in self.frames if frame.path)
        if not self.frames or not path:
            return ()
        frame = self.frames[-1]
        return (f"in {frame.span.source.name}:{frame.span.line}   layer {path}, block `{frame.block}`",)

    def step(self, span: Span) -> None:
        """Counts work, so that no text can keep the compiler busy for long."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            self.fail("V0502", f"this text asks for more than {MAX_STEPS:,} steps of elaboration", span)

    @contextmanager
    def deeper(self, span: Span) -> Iterator[None]:
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
    def frame(self, path: str, block: str, span: Span) -> Iterator[None]:
        """Inside a layer."""
        self.frames.append(Frame(path, block, span))
        try:
            yield
        finally:
            self.frames.pop()

    def sized(self, type: TensorType, span: Span | None) -> TensorType:
        """Refuses tensors that no machine holds."""
        if type.size > MAX_ELEMENTS:
            self.fail(
                "V0501", f"a tensor {list(type.shape)} has {type.size:.3g} elements, more than {MAX_ELEMENTS:.3g}", span
            )
        return type

    def integer(self, value: Any, span: Span) -> Any:
        """Refuses integers (and lists) beyond all sizes."""
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            self.fail("V0501", "an integer beyond 2**53 comes out of this", span)
        if isinstance(value, list) and len(value) > MAX_ITEMS:  # type: ignore[reportUnknownArgumentType]
            self.fail("V0504", f"a list of more than {MAX_ITEMS:,} items comes out of this", span)
        return value
