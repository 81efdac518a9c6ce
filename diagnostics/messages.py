"""Diagnostics as a person reads them, and as data."""

from collections.abc import Iterable
from typing import Any

from . import Diagnostic, Label
from .source import Span

#: Marks that turn the direction of a text, and the separators a terminal may take for a line's end.
_HIDDEN = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x2028, 0x2029}

#: Of a line that is shown whole.
_WIDTH = 200


def escape(text: str) -> str:
    """Text from outside without characters that a terminal would obey."""
    return "".join(f"\\u{ord(c):04x}" if (not c.isprintable() and c != "\n") or ord(c) in _HIDDEN else c for c in text)


def render(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """All of them as text, an empty line between two."""
    return "\n\n".join(_one(d, color) for d in diagnostics) + "\n"


def _one(d: Diagnostic, color: bool) -> str:
    head = f"{d.severity}[{d.code}]"
    if color:
        head = f"\x1b[1;{31 if d.severity == 'error' else 33}m{head}\x1b[0m"
    lines = [f"{head}: {escape(d.message)}"]
    if d.span is not None:
        lines.append(f"  --> {escape(d.span.source.name)}:{d.span.line}:{d.span.column}")
        lines += _excerpts(d, d.span)
    elif d.file:
        lines.append(f"  --> {escape(d.file)}")
    lines += [f"  {escape(frame)}" for frame in d.frames]
    more = f"vitc explain {d.code}"
    lines += (
        [f"  help: {escape(d.help)}" + (f"     {more}" if color else "")] if d.help else [f"  {more}"] if color else []
    )
    return "\n".join(lines)


def _excerpts(d: Diagnostic, span: Span) -> list[str]:
    """The lines spoken of, in the order of the text, each with its mark; those of other files under their name."""
    marks = [(span, "^", d.label)] + [(other.span, "-", other.text) for other in d.others]
    here = sorted((m for m in marks if m[0].source is span.source), key=lambda m: m[0].start)
    lines: list[str] = []
    for place, sign, text in here:
        lines += _excerpt(place, sign, text)
    for other in d.others:
        lines += _elsewhere(other, span)
    return lines


def _elsewhere(other: Label, span: Span) -> list[str]:
    if other.span.source is span.source:
        return []
    return [f"  ::: {escape(other.span.source.name)}:{other.span.line}", *_excerpt(other.span, "-", other.text)]


def _excerpt(span: Span, sign: str, text: str) -> list[str]:
    count = span.source.text.count("\n") + 1
    line, column = _window(span.source.line(min(span.line, count)).expandtabs(1), span.column - 1)
    width = max(1, min(span.end - span.start, len(line) - column))
    mark = " " * len(escape(line[:column])) + sign * max(1, len(escape(line[column : column + width])))
    return [f"{span.line:>4} | {escape(line)}", f"     | {mark} {escape(text)}".rstrip()]


def _window(line: str, column: int) -> tuple[str, int]:
    """A long line around a column, and where that column is then."""
    if len(line) <= _WIDTH:
        return line, column
    start = max(0, min(column - _WIDTH // 2, len(line) - _WIDTH))
    before, after = "…" if start else "", "…" if start + _WIDTH < len(line) else ""
    return before + line[start : start + _WIDTH] + after, column - start + len(before)


def as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "severity": d.severity,
            "code": d.code,
            "message": d.message,
            "place": _place(d.span),
            "file": d.file or (d.span.source.name if d.span else None),
            "label": d.label,
            "others": [{**(_place(o.span) or {}), "text": o.text} for o in d.others],
            "frames": list(d.frames),
            "help": d.help,
        }
        for d in diagnostics
    ]


def _place(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    end = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end": {"line": end[0], "column": end[1]},
    }
