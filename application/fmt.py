"""Formatting: the layout of a spec, and nothing that it says."""

import stat
from pathlib import Path

from ..compiler.elaborate.library import MAX_BYTES
from ..diagnostics import VitError, error
from ..diagnostics.messages import escape
from ..diagnostics.source import Source
from ..grammar import formatter
from ..grammar.parser import read
from ..runtime.whole import whole


def formatted(name: str, text: str) -> str:
    """Gives the new layout of a text, proven to be the same text: its tree, and every comment in its order.

    `name` is the file that is told in messages. Raises what is wrong with the text, and V0113.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    source = Source(name, text.removeprefix(mark))
    tree, problems = read(source)
    if problems:
        raise VitError(problems)
    new = formatter.formatted(source.text)
    again, problems = read(Source(source.name, new))
    if problems or again != tree or formatter.comments(new) != formatter.comments(source.text):
        raise error("V0113", f"`{escape(name)}` would say something else in the new layout: it stays as it is",
                    help="please report it with the text")  # fmt: skip
    return mark + (new.replace("\n", "\r\n") if "\r\n" in text else new)


def text(path: Path) -> str:
    """Reads a spec; raises V1002, V0105 and V0106."""
    if not path.is_file():
        raise error("V1002", f"there is no file `{path}`")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise error("V0105", f"`{path}` is larger than {MAX_BYTES:,} bytes: no spec is", file=str(path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise error("V0106", f"`{path}` is not a text in UTF-8 (byte {problem.start})", file=str(path)) from None


def replace(path: Path, text: str) -> None:
    """Writes a file in the place of the one at `path`, at once, with the permissions that it has; of a link the file it leads to."""
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode)
    with whole(target) as file:
        file.write(text.encode("utf-8"))
    target.chmod(mode)
