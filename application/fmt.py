"""Formatting: the layout of a spec, and nothing that it says."""

import stat
from pathlib import Path

from ..compiler.elaborate.library import MARK, decoded, read_text
from ..diagnostics import VitError, error
from ..diagnostics.messages import escape
from ..diagnostics.source import Source
from ..grammar import formatter
from ..grammar.parser import read
from ..runtime.whole import whole
from .specs import STDIN, standard_input


def formatted(name: str, text: str) -> str:
    """Gives the new layout of a text, proven to be the same text: its tree, and every comment in its order.

    `name` is the file that messages name, or `-`. Raises what is wrong with the text, and V0113.
    """
    mark = MARK if text.startswith(MARK) else ""
    source = Source(STDIN if name == "-" else name, text.removeprefix(mark))
    tree, problems = read(source)
    if problems:
        raise VitError(problems)
    new = formatter.formatted(source.text)
    again, problems = read(Source(source.name, new))
    if problems or again != tree or formatter.comments(new) != formatter.comments(source.text):
        raise error("V0113", f"`{escape(source.name)}` would say something else in the new layout: it stays as it is",
                    help="please report it with the text")  # fmt: skip
    return mark + (new.replace("\n", "\r\n") if "\r\n" in text else new)


def text(name: str) -> str:
    """Reads a file, or standard input where `name` is `-`; raises V1002, V0105, V0106 and V0210."""
    return decoded(standard_input(), STDIN) if name == "-" else read_text(Path(name), name)


def replace(path: Path, text: str) -> None:
    """Writes a file in the place of the one at `path`, at once, with the permissions that it has; of a link the file it leads to."""
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode)
    with whole(target) as file:
        file.write(text.encode("utf-8"))
    target.chmod(mode)
