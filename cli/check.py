"""`vitc check`."""

import json
from collections.abc import Mapping
from math import prod

from ..compiler import elaborate
from ..compiler.elaborate.library import Library
from ..grammar.diagnostics import Diagnostic, Findings, VitError
from ..runtime import sections
from .specs import open_spec
from .specs import settings as read_settings

#: Of one file: models with mistakes after which no more are looked at, and steps of elaboration.
MOST_BROKEN = 20
MOST_STEPS = 300_000


def run(specs: list[str], settings: list[str], format: str) -> None:
    """Checks every model of every spec and reports all that is wrong with all of them.

    `--format json` prints {"models": [{"spec", "model", "params"}]} or {"diagnostics": [{"severity", "code", "message",
    "place": {"file", "line", "column", "end": {"line", "column"}} or null, "file", "label", "others": [{…place, "text"}],
    "frames", "help"}]}, in the order of the command line, then of each text. Exit status: 0 all well, 1 a text is wrong, 2 the command line, 3 a file can't be read; of several the highest.
    """
    overrides = read_settings(settings)
    problems, status, rows = list[Diagnostic](), 0, list[dict[str, object]]()
    for spec in specs:
        try:
            library, names = open_spec(spec)
        except VitError as problem:
            problems += problem.diagnostics
            status = max(status, problem.exit_status)
            continue
        findings = Findings()
        rows += [{"spec": spec, **row} for row in _models(library, names, overrides, findings)]
        problems += sorted(findings.items, key=_place)
        if findings.items:
            status = max(status, 2 if all(map(elaborate.on_the_command_line, findings.items)) else 1)
    if problems:
        raise VitError(tuple(problems), status)
    if format == "json":
        print(json.dumps({"models": rows}, indent=2))
    else:
        for row in rows:
            print(f"{row['model']}: {row['params']:,} parameters")


def _models(library: Library, names: tuple[str, ...], overrides: Mapping[str, str], findings: Findings
            ) -> list[dict[str, object]]:  # fmt: skip
    """A row for each model that is right; what is wrong with the others is found."""
    rows: list[dict[str, object]] = []
    broken = steps = 0
    for index, name in enumerate(names):
        checked = elaborate.check(library, name, overrides)
        found = [*checked.problems, *sections.mistakes(checked.sections, checked.program)]
        findings.add(*found)
        broken += bool(found)
        steps += checked.steps
        if checked.program is not None and not found:
            count = sum(prod(s.shape) for s in checked.program.weights().values() if s.trainable)
            rows.append({"model": name, "params": count})
        left = len(names) - index - 1
        if left and (broken >= MOST_BROKEN or steps > MOST_STEPS):
            why = f"{broken} models have mistakes" if broken >= MOST_BROKEN else "the models so far took long"
            message = f"{why}; the {left:,} after `{name}` were not looked at"
            findings.add(Diagnostic("V0508", message, library.main.definitions[name].name.span))
            break
    if not names:
        findings.add(*elaborate.mistakes(library))
    return rows


def _place(problem: Diagnostic) -> tuple[str, int]:
    """Mistakes of one file stand together, in the order of its text."""
    return (problem.span.source.name, problem.span.start) if problem.span else (problem.file, -1)
