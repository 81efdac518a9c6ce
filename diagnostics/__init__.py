"""What vitc has to say about a text or a file: plain data, drawn by `messages`."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .source import COMMAND_LINE, Span


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


#: The exit status of a code, or of all that begin like it: 1 a mistake in a text, which is the rest, 2 in the command line,
#: 3 a file, a run or the system.
_STATUS = {
    "V0113": 3,
    "V07": 3, "V0707": 2, "V0708": 2, "V0714": 2,
    "V08": 3,
    "V09": 3, "V0913": 2,
    "V10": 2, "V1001": 3, "V1002": 3, "V1008": 3, "V1009": 3, "V1011": 3, "V1012": 3,
    "V11": 3,
}  # fmt: skip


def exit_status(diagnostics: Iterable[Diagnostic]) -> int:
    """Gives the exit status of all these together: 2 only where each of them is in the command line, 0 where there is none."""
    found = {_status(diagnostic) for diagnostic in diagnostics}
    return next((status for status in (3, 1, 2) if status in found), 0)


def _status(diagnostic: Diagnostic) -> int:
    code, span = diagnostic.code, diagnostic.span
    status = _STATUS.get(code, _STATUS.get(code[:3], 1))
    return 2 if status == 1 and span is not None and span.source.name == COMMAND_LINE else status


@dataclass(eq=False)
class VitError(Exception):
    """One or several diagnostics that stop the work. `status` is given by the few cases whose exit status is another than
    that of their code."""

    diagnostics: tuple[Diagnostic, ...]
    status: int | None = None

    @property
    def exit_status(self) -> int:
        """With which a command ends."""
        return exit_status(self.diagnostics) if self.status is None else self.status

    def __str__(self) -> str:
        return "; ".join(f"{d.code}: {d.message}" for d in self.diagnostics)


def error(code: str, message: str, span: Span | None = None, *, label: str = "", help: str = "", file: str = "",
          status: int | None = None) -> VitError:  # fmt: skip
    """Makes a `VitError` of one diagnostic."""
    return VitError((Diagnostic(code, message, span, label, help=help, file=file),), status)


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
