"""`vitc`: the list of commands, in the order of `vitc --help`."""

import warnings
from importlib import import_module
from typing import Annotated

import typer

from .errors import guarded
from .streams import standard_streams

#: Files of `commands` with a function or a group of commands of the same name, in the order of `vitc --help`.
COMMANDS = ("check", "compile", "train", "predict", "show", "explain", "fmt", "doctor", "import_", "weights")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        print(f"vitc {__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Compiles Vision Transformers written as `.vit` texts."""


for _name in COMMANDS:
    _command = getattr(import_module(f".commands.{_name}", __package__), _name)
    if isinstance(_command, typer.Typer):
        app.add_typer(_command, name=_name)
    else:
        app.command(_name.rstrip("_"))(_command)


def main() -> None:
    """The console script."""
    # Pillow's word on large pictures: vitc has a limit of its own, and says so.
    warnings.filterwarnings("ignore", message="Image size .* could be decompression bomb")
    with standard_streams():
        guarded(app)
