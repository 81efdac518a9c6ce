"""What vitc has to say about a text or a file: plain data, drawn by `messages`."""

from dataclasses import dataclass, field, replace
from typing import Any

from .source import Span


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that a diagnostic speaks of, and what was set there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `code` is V and four digits; `vitc explain` knows every one.

    `span` is the value in the user's text nearest to the mistake (None for a file or the command line), `label` stands
    under the caret, `others` are further places, `frames` the chain of layers, outermost first, `help` a way out.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    others: tuple[Label, ...] = ()
    frames: tuple[str, ...] = ()
    help: str = ""
    severity: str = "error"
    file: str = ""


@dataclass(eq=False)
class VitError(Exception):
    """One or several diagnostics that stop the work; `exit_status` is 1 for a text, 2 the command line, 3 a file or a run."""

    diagnostics: tuple[Diagnostic, ...]
    exit_status: int = 1

    def __str__(self) -> str:
        return "; ".join(f"{d.code}: {d.message}" for d in self.diagnostics)


def error(code: str, message: str, span: Span | None = None, *, exit_status: int = 1, **fields: Any) -> VitError:
    """A `VitError` of one diagnostic."""
    return VitError((replace(Diagnostic(code, message, span), **fields),), exit_status)


@dataclass(slots=True)
class Findings:
    """Collects diagnostics so that one run reports them all, in the order of the text and each once."""

    items: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def add(self, *diagnostics: Diagnostic) -> None:
        """Adds what is not there yet."""
        for item in diagnostics:
            if not any((d.code, d.message, d.span) == (item.code, item.message, item.span) for d in self.items):
                self.items.append(item)

    def raise_if_any(self) -> None:
        """Raises a `VitError` of all errors; warnings alone raise nothing."""
        if any(d.severity == "error" for d in self.items):
            raise VitError(tuple(self.items))
