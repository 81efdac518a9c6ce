"""The files that come with vitc, `specs`, and what they define."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...diagnostics.suggest import close

SPECS = Path(__file__).resolve().parents[2] / "specs"
#: What every file sees without a `use`.
STD = SPECS / "std" / "std.vit"

#: The beginning of a definition, which in a file that is laid out begins a line.
_DEFINITION = re.compile(r"^(model|block|fn) (\w+)", re.MULTILINE)


class Defined(NamedTuple):
    """A definition of a bundled file: `model`, `block` or `fn`, its name, and the file."""

    kind: str
    name: str
    path: Path

    @property
    def shown(self) -> str:
        """The file as a text that uses it names it: `zoo/vit.vit`."""
        return self.path.relative_to(SPECS).as_posix()


def definitions() -> Iterator[Defined]:
    """Gives all that the bundled files define, file by file, each read when it is reached."""
    for path in sorted(SPECS.glob("*/*.vit")):
        for found in _DEFINITION.finditer(path.read_text(encoding="utf-8")):
            yield Defined(found[1], found[2], path)


def use_of(name: str) -> str:
    """Gives the help for an undefined name: the `use` of the bundled file that defines it, empty where none does."""
    for found in definitions():
        if found.name == name and found.path.parent.name in ("std", "zoo") and found.path != STD:
            return f'add `use "{found.shown}"`, the bundled file that defines it'
    return ""


def near(text: str) -> str:
    """Gives the help for a file that is not there: the bundled one with a name like it, empty where there is none."""
    shown = [path.relative_to(SPECS).as_posix() for path in (*SPECS.glob("std/*.vit"), *SPECS.glob("zoo/*.vit"))]
    like = close(text, [*shown, *(name.removeprefix("std/") for name in shown)])
    return f"did you mean `{like}`?" if like else ""
