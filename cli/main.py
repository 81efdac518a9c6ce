"""`vitc`: the commands, and what every one does with errors."""

import sys
from typing import Annotated

import typer

from ..grammar.diagnostics import VitError
from ..grammar.messages import as_json, render

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Format = Annotated[str, typer.Option("--format", help="text, or json for machines")]


@app.callback()
def about() -> None:
    """Compiles Vision Transformers written as `.vit` texts."""


@app.command()
def check(
    specs: Annotated[list[str], typer.Argument(help="paths, or names of bundled models")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE: re-binds a parameter")] = None,
    format: Format = "text",
) -> None:
    """Checks specs: names, types, shapes, expectations.

    Examples: `vitc check mine.vit`, `vitc check vit_base_patch16_224 --set heads=16`.
    """
    from . import check as command

    command.run(specs, settings or [], format)


def main() -> None:
    """The console script: diagnostics instead of tracebacks, exit status 1 to 3."""
    as_data = "json" in sys.argv[1:] or "--format=json" in sys.argv[1:]
    try:
        app()
    except VitError as problem:
        if as_data:
            import json

            print(json.dumps({"diagnostics": as_json(problem.diagnostics)}, indent=2))
        else:
            sys.stderr.write(render(problem.diagnostics, color=sys.stderr.isatty()))
        raise SystemExit(problem.exit_status) from None
