"""`vitc check`."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

from ..compiler import elaborate
from ..compiler.elaborate.library import Library
from ..diagnostics import Diagnostic, Findings, VitError
from ..diagnostics.messages import as_json, escape, render
from ..diagnostics.source import Span
from ..runtime import sections
from .specs import below, open_spec
from .specs import settings as read_settings
from .streams import styled

#: Of one file: models with mistakes after which no more are looked at, and steps of elaboration.
MOST_BROKEN = 20
MOST_STEPS = 300_000


class Checked(NamedTuple):
    """What came of a spec: a row for each model that is right, what is wrong, the exit status that stands for it, and what
    has no effect."""

    spec: str
    rows: list[dict[str, Any]]
    problems: list[Diagnostic]
    status: int
    warnings: tuple[Diagnostic, ...] = ()


def run(specs: list[str], settings: list[str], strict: bool, format: str) -> None:
    """Checks every model of every spec and reports all that is wrong with all of them; of a folder the `.vit` files below.

    Prints a line for each model that is right. Where there are several specs, it begins with the spec, and a spec that has
    mistakes or no model gets a line too.
    Warnings tell what has no effect; with `strict` they are mistakes.
    `--format json` prints {"models": [{"spec", "model", "params"}], "warnings": [as diagnostics]} or {"diagnostics": [{"severity", "code", "message",
    "place": {"file", "line", "column", "end": {"line", "column"}} or null, "file", "label", "others": [{…place, "text"}],
    "frames", "help"}]}, in the order of the command line, then of each text. Exit status: 0 all well, 1 a text is wrong, 2 the command line, 3 a file can't be read; of several the highest.
    """
    overrides = read_settings(settings)
    found = [_checked(spec, overrides, strict) for given in specs for spec in below(given)]
    if format == "text":
        alone = len(specs) == len(found) == 1 and found[0].spec == specs[0]
        for line in (line for one in found for line in _lines(one, alone)):
            print(line)
    warnings = [warning for one in found for warning in one.warnings]
    if warnings and format == "text":
        sys.stderr.write(render(warnings, color=styled(sys.stderr)))
    problems = [problem for one in found for problem in one.problems]
    if problems:
        raise VitError(tuple(problems), max(one.status for one in found))
    if format == "json":
        models = [{"spec": one.spec, **row} for one in found for row in one.rows]
        print(json.dumps({"models": models, "warnings": as_json(warnings)}, indent=2))


def _checked(spec: str, overrides: Mapping[str, str], strict: bool) -> Checked:
    """All models of a spec; what can't be opened is one of its mistakes."""
    try:
        library, names = open_spec(spec, broken=True)
    except VitError as problem:
        return Checked(spec, [], list(problem.diagnostics), problem.exit_status)
    findings, warnings = Findings(list(library.broken)), Findings()
    rows = _models(library, names, overrides, findings, warnings)
    if strict:
        findings.add(*(replace(warning, severity="error") for warning in warnings.items))
        warnings = Findings()
    status = 2 if all(map(elaborate.on_the_command_line, findings.items)) else 1
    told = tuple(sorted(warnings.items, key=_place))
    return Checked(spec, rows, sorted(findings.items, key=_place), status if findings.items else 0, told)


def _lines(one: Checked, alone: bool) -> Iterator[str]:
    """A line for each model, then one for the mistakes of the spec, which are told in full where they are raised."""
    for row in one.rows:
        where = "" if alone or one.spec == row["model"] else f"{escape(one.spec)}: "
        yield f"{where}{row['model']}: {row['params']:,} parameters"
    count = len(one.problems)
    if count and not alone:
        yield f"{escape(one.spec)}: {count} error{'s' * (count > 1)}"
    if not count and not one.rows:
        yield f"{escape(one.spec)}: no model"


def _models(library: Library, names: tuple[str, ...], overrides: Mapping[str, str], findings: Findings,
            warnings: Findings) -> list[dict[str, Any]]:  # fmt: skip
    """A row for each model that is right; what is wrong with the others is found. Of a text with syntax errors only the
    models are looked at that nothing broken can touch, and none is right. A setting of a block warns where no model of the
    file reads it."""
    lost = {kind for module in library.modules.values() if module.file.lost for kind in module.file.lost.sections}
    rows: list[dict[str, Any]] = []
    odd: list[Diagnostic] = []
    read: set[Span] = set()
    broken = steps = 0
    if library.broken:
        intact = elaborate.intact(library)
        names = tuple(name for name in names if name in intact)
    for index, name in enumerate(names):
        checked = elaborate.check(library, name, overrides)
        whole = {kind: section for kind, section in checked.sections.items() if kind not in lost}
        found = [*checked.problems, *sections.mistakes(whole, None if lost else checked.program)]
        findings.add(*found)
        odd += checked.warnings
        read |= checked.read
        broken += bool(found)
        steps += checked.steps
        if checked.program is not None and not found and not library.broken:
            count = sum(prod(s.shape) for s in checked.program.weights().values() if s.trainable)
            rows.append({"model": name, "params": count})
        left = len(names) - index - 1
        if left and (broken >= MOST_BROKEN or steps > MOST_STEPS):
            why = f"{broken} models have mistakes" if broken >= MOST_BROKEN else "the models so far took long"
            message = f"{why}; the {left:,} after `{name}` were not looked at"
            findings.add(Diagnostic("V0508", message, library.main.definitions[name].name.span))
            break
    if library.broken or not names:
        findings.add(*elaborate.mistakes(library))
    warnings.add(*(warning for warning in odd if warning.span not in read))
    return rows


def _place(problem: Diagnostic) -> tuple[str, int]:
    """Mistakes of one file stand together, in the order of its text."""
    return (problem.span.source.name, problem.span.start) if problem.span else (problem.file, -1)
