"""`vitc predict`."""

import csv
import json
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import nullcontext
from enum import StrEnum
from typing import Annotated

import typer

from ...diagnostics import Diagnostic, error
from ...diagnostics.messages import escape
from ...runtime.prediction import Failure, Prediction
from ..errors import print_as, tell
from ..progress import counted

Answers = Iterable[Prediction | Failure]


class Rows(StrEnum):
    """What is printed: there is a row for each answer."""

    text = "text"
    json = "json"
    csv = "csv"


def predict(
    model: Annotated[str, typer.Argument(help="a compiled folder or an .onnx file")],
    images: Annotated[
        list[str], typer.Argument(help="pictures, folders of pictures, or - for paths from standard input")
    ],
    top: Annotated[int, typer.Option(min=1, help="how many classes of each picture, at most")] = 5,
    format: Annotated[
        Rows, typer.Option("--format", help="for people, or for machines", callback=print_as)
    ] = Rows.text,
) -> None:
    """Names what is on pictures, on ONNX Runtime alone.

    Ends with status 3 if a picture has no answer. Examples: `vitc predict runs/digits/export seven.png --top 3`,
    `find photos -name '*.jpg' | vitc predict out/mine - --format csv`.
    """
    from ...application import predict as application
    from ...runtime.listing import listed

    paths = listed(images, sys.stdin.buffer)
    # Lines that come out on a terminal show the progress themselves.
    bar = format == "json" or not sys.stdout.isatty()
    with counted("predicting", len(paths)) if bar else nullcontext(lambda: None) as advance:
        odd: list[Diagnostic] = []
        found = application.predict(model, paths, top, warn=odd.append)
        if format == "text" and images == paths and len(paths) == 1:
            found = _raised(found)
        failures = _FORMS[format](_counted(found, advance))
    if failures and len(paths) > 1:
        message = f"{failures} of {len(paths)} pictures have no answer: the output gives the reason for each"
        tell(Diagnostic("V0912", message))
    for warning in odd:
        tell(warning)
    if failures:
        raise SystemExit(3)


def _raised(found: "Answers") -> Answers:
    """The only picture of a command line: what is wrong with it is the error of the command."""
    for one in found:
        if isinstance(one, Failure):
            raise error(one.code, one.message, help=one.help)
        yield one


def _counted(found: "Answers", advance: Callable[[], None]) -> "Generator[Prediction | Failure]":
    for one in found:
        yield one
        advance()


def _text(found: "Answers") -> int:
    """Prints a paragraph for each picture; gives the number of failures, as the others do."""
    failures = 0
    for one in found:
        lines = [_line(one.picture)]
        if isinstance(one, Failure):
            failures += 1
            lines.append(f"  error[{one.code}]: {_line(one.message)}")
            lines += [f"  help: {_line(one.help)}"] if one.help else []
        else:
            plain = one.activation == "none"
            lines += [f"  {value:9.4g}  {_line(name)}" if plain else f"  {value:7.2%}  {_line(name)}"
                      for name, value in one.classes]  # fmt: skip
            lines += [f"  note: {_line(note)}" for note in one.notes]
        print("\n".join(lines), flush=True)
    return failures


def _json(found: "Answers") -> int:
    """Prints one list when all is known."""
    data = [_data(one) for one in found]
    print(json.dumps(data, indent=2))
    return sum("error" in one for one in data)


def _data(one: "Prediction | Failure") -> dict[str, object]:
    if isinstance(one, Failure):
        return {"picture": one.picture, "error": {"code": one.code, "message": one.message, "help": one.help}}
    what = "number" if one.activation == "none" else "probability"
    classes = [{"name": name, what: value} for name, value in one.classes]
    return {"picture": one.picture, "classes": classes, "notes": list(one.notes)}


def _csv(found: "Answers") -> int:
    """Prints a row for each class of each picture quoted as in RFC 4180; a failure is a row with the columns of a class empty."""
    failures, rows = 0, csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("picture", "rank", "name", "probability", "number", "note", "error"))
    for one in found:
        picture = escape(one.picture)
        if isinstance(one, Failure):
            failures += 1
            rows.writerow((picture, "", "", "", "", "", escape(f"{one.code}: {one.message}")))
            continue
        for rank, (name, value) in enumerate(one.classes, 1):
            numbers = ("", value) if one.activation == "none" else (value, "")
            rows.writerow((picture, rank, escape(name), *numbers, escape("; ".join(one.notes)), ""))
    return failures


def _line(text: str) -> str:
    """Text from outside on one line."""
    return escape(text).replace("\n", "\\n")


_FORMS = {"text": _text, "json": _json, "csv": _csv}
