"""The specs of `shared_values`: a text with one mistake, and marks where it is to be told."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vitc.compiler import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.diagnostics.source import COMMAND_LINE

FOLDER = Path(__file__).parent / "shared_values"
NAMES = sorted(path.stem for path in FOLDER.glob("*.vit"))
SPEC = "spec.vit"
#: A line of marks: each run of one sign stands below a part of the nearest line above that is no such line.
_MARKS = re.compile(r"\s*#[\s^~.-]*[\^~.-][\s^~.-]*")
_RUNS = re.compile(r"\^+|-+|~+|\.+")
#: Begins a comment that is shown as the command line: `# --set heads=12`.
_SHOWN = "# "


@dataclass(frozen=True)
class Spec:
    """A text with one mistake. `marks` are places by their sign: `^` that of the mistake, `-` labels that there must be,
    `~` labels of which there must be one, `.` labels that there may be. No other text of the user has a label."""

    text: str
    code: str
    overrides: dict[str, str]
    marks: dict[str, frozenset[tuple[str, int, int, str]]]

    def problems(self):
        """What the compiler finds wrong."""
        return elaborate.check(loads(self.text, SPEC), "m", self.overrides).problems


@cache
def read(name):
    """A spec of the folder; the code is that of its first comment."""
    text = (FOLDER / f"{name}.vit").read_text(encoding="utf-8")
    overrides, marks = {}, {sign: set() for sign in "^-~."}
    number, above = 0, ""
    for at, line in enumerate(text.splitlines(), 1):
        shown = above.startswith(f"{_SHOWN}--set ")
        where = (COMMAND_LINE, 1, 1 - len(_SHOWN)) if shown else (SPEC, number, 1)
        if _MARKS.fullmatch(line):
            for run in _RUNS.finditer(line, line.index("#") + 1):
                found = (*where[:2], where[2] + run.start(), above[run.start() : run.end()])
                marks[run.group()[0]].add(found)
        else:
            number, above = at, line
            if line.startswith(f"{_SHOWN}--set "):
                key, _, value = line.removeprefix(f"{_SHOWN}--set ").partition("=")
                overrides[key] = value
    (code,) = re.findall(r"^# (V\d{4}):", text, re.MULTILINE)
    return Spec(text, code, overrides, {sign: frozenset(found) for sign, found in marks.items()})


def place(span):
    """A place as the marks say it: source, line, column, text."""
    return span.source.name, span.line, span.column, span.text
