"""`vitc fmt`."""

import json
import stat
import sys
from pathlib import Path

from ..compiler.elaborate.library import MAX_BYTES
from ..diagnostics import VitError, error
from ..diagnostics.messages import escape
from ..diagnostics.source import Source
from ..grammar.formatter import comments, formatted
from ..grammar.parser import read
from ..runtime.whole import whole


def run(files: list[str], check: bool, format: str) -> None:
    """Lays the files out anew, `-` from standard input to standard output; with `check` only tells which would change.

    Exit status: 0 all well, 1 a text is wrong, or `check` found one that would change, 3 a file can't be read or written.
    """
    changed: list[str] = []
    for name in files:
        text = sys.stdin.read() if name == "-" else _text(Path(name))
        new = _formatted(name, text)
        if name == "-" and not check:
            sys.stdout.write(new)
        elif new != text:
            changed.append(name)
            if not check:
                _write(Path(name), new)
    if format == "json":
        print(json.dumps({"changed": changed}, indent=2))
    else:
        for name in changed:
            print(f"{escape(name)}: {'not formatted' if check else 'formatted'}")
    if check and changed:
        raise SystemExit(1)


def _text(path: Path) -> str:
    if not path.is_file():
        raise error("V1002", f"there is no file `{path}`", exit_status=3)
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise error("V0105", f"`{path}` is larger than {MAX_BYTES:,} bytes: no spec is", file=str(path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise error("V0106", f"`{path}` is not a text in UTF-8 (byte {problem.start})", file=str(path)) from None


def _formatted(name: str, text: str) -> str:
    """The new layout of a text, proven to be the same text: its tree, and every comment in its order."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    source = Source("<stdin>" if name == "-" else name, text.removeprefix(mark))
    tree, problems = read(source)
    if problems:
        raise VitError(problems)
    new = formatted(source.text)
    again, problems = read(Source(source.name, new))
    if problems or again != tree or comments(new) != comments(source.text):
        raise error("V0113", f"`{escape(name)}` would say something else in the new layout: it stays as it is", exit_status=3,
                    help="please report it with the text")  # fmt: skip
    return mark + (new.replace("\n", "\r\n") if "\r\n" in text else new)


def _write(path: Path, text: str) -> None:
    """Replaces a file at once, with the permissions that it has; of a link the file it leads to."""
    target = path.resolve()
    mode = stat.S_IMODE(target.stat().st_mode)
    with whole(target) as file:
        file.write(text.encode("utf-8"))
    target.chmod(mode)
