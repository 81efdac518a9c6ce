"""Arguments and options that several commands share."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from ..diagnostics import error
from .errors import print_as


class Form(StrEnum):
    """What is printed."""

    text = "text"
    json = "json"


Spec = Annotated[str, typer.Argument(help="a path, the name of a bundled model, or - for standard input")]
ModelName = Annotated[str | None, typer.Option("--model", help="which model of the file")]
Settings = Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, like heads=16 or mlp.drop=0.1")]
Format = Annotated[Form, typer.Option("--format", help="for people, or for machines", callback=print_as)]
Part = Annotated[str | None, typer.Option(help="which part of the file of weights, like model_ema, where several fit")]
Trust = Annotated[bool, typer.Option("--trust", help="read weights that are a pickle, in a process of their own")]
Force = Annotated[bool, typer.Option("--force", help="write over a file that is there")]


def settings(texts: list[str] | None, part: str | None = None) -> dict[str, str]:
    """Splits each `--set KEY=VALUE`, and `--part NAME` as the setting that a spec would have; raises V1004."""
    found: dict[str, str] = {}
    for text in texts or ():
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise error("V1004", f"--set takes KEY=VALUE, not `{text}`")
        found.pop(key.strip(), None)  # settings apply in their order: the last of a key takes its place at the end
        found[key.strip()] = value.strip()
    if part is not None:
        found.pop("weights.part", None)
        found["weights.part"] = json.dumps(part, ensure_ascii=False)
    return found
