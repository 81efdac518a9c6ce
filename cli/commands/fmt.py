"""`vitc fmt`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ...diagnostics.messages import escape
from ..options import Form, Format


def fmt(
    files: Annotated[list[str], typer.Argument(help="paths; - is standard input")],
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; end with status 1 where a file would change")
    ] = False,
    format: Format = Form.text,
) -> None:
    """Lays specs out: spaces, indentation, alignment, lines of at most 120 columns.

    Examples: `vitc fmt mine.vit`, `vitc fmt --check specs/*.vit`.
    """
    # Exit status: 0 all well, 1 a text is wrong, or `--check` found one that would change, 3 a file can't be read or written.
    from ...application.fmt import formatted, replace, text

    changed: list[str] = []
    for name in files:
        old = text(name)
        new = formatted(name, old)
        if name == "-" and not check:
            _write(new)
        elif new != old:
            changed.append(name)
            if not check:
                replace(Path(name), new)
    if format == "json":
        print(json.dumps({"changed": changed}, indent=2))
    else:
        for name in changed:
            print(f"{escape(name)}: {'not formatted' if check else 'formatted'}")
    if check and changed:
        raise SystemExit(1)


def _write(text: str) -> None:
    """Prints a text in UTF-8 with the ends of lines that it has, whatever the encoding of the terminal."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)  # a stream in the place of the real one may have none
    if reconfigure is not None:
        reconfigure(encoding="utf-8", newline="")
    sys.stdout.write(text)
