"""`vitc check`."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ...diagnostics import VitError
from ...diagnostics.messages import as_json, escape
from ..errors import tell
from ..options import Form, Format, Settings
from ..options import settings as read_settings

if TYPE_CHECKING:
    from ...application.check import CheckedSpec


def check(
    specs: Annotated[list[str], typer.Argument(help="paths, folders, names of bundled models; - is standard input")],
    settings: Settings = None,
    strict: Annotated[bool, typer.Option("--strict", help="make warnings errors")] = False,
    format: Format = Form.text,
) -> None:
    """Checks specs: names, types, shapes, expectations; warns of what has no effect.

    Examples: `vitc check mine.vit`, `vitc check specs/`, `vitc check vit_base_patch16_224 --set heads=16`.
    """
    # `--format json` prints {"models": [{"spec", "model", "params"}], "warnings": [as diagnostics]}, or {"diagnostics": […]}
    # as `messages.as_json` says, in the order of the command line, then of each text. Exit status: 0 all well, 1 a text is
    # wrong, 2 the command line, 3 a file can't be read; of several the highest.
    from ...application.check import every_model
    from ...application.specs import below

    overrides = read_settings(settings)
    found = [every_model(spec, overrides, strict=strict) for given in specs for spec in below(given)]
    if format == "text":
        alone = len(specs) == len(found) == 1 and found[0].spec == specs[0]
        for line in (line for one in found for line in _lines(one, alone)):
            print(line)
    warnings = [warning for one in found for warning in one.warnings]
    if warnings and format == "text":
        tell(*warnings)
    problems = [problem for one in found for problem in one.problems]
    if problems:
        raise VitError(tuple(problems), max(one.status for one in found))
    if format == "json":
        models = [
            {"spec": one.spec, "model": name, "params": count} for one in found for name, count in one.params.items()
        ]
        print(json.dumps({"models": models, "warnings": as_json(warnings)}, indent=2))


def _lines(one: "CheckedSpec", alone: bool) -> Iterator[str]:
    """A line for each model, then one for the mistakes of the spec, which are told in full where they are raised."""
    for name, count in one.params.items():
        where = "" if alone or one.spec == name else f"{escape(one.spec)}: "
        yield f"{where}{name}: {count:,} parameters"
    count = len(one.problems)
    if count and not alone:
        yield f"{escape(one.spec)}: {count} error{'s' * (count > 1)}"
    if not count and not one.params:
        yield f"{escape(one.spec)}: no model"
