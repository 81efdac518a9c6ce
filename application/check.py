"""Checking: one model as a program, or all models of a spec with all that is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..compiler import elaborate
from ..compiler.elaborate.library import Library
from ..compiler.ir.program import Program
from ..compiler.report.parameters import parameters
from ..diagnostics import Diagnostic, Findings, VitError, exit_status
from ..diagnostics.source import Span
from ..runtime import sections
from .specs import choose, open_spec

#: Of one file: models with mistakes after which no more are looked at, and steps of elaboration.
MOST_BROKEN = 20
MOST_STEPS = 300_000


@dataclass(frozen=True, slots=True)
class CheckedSpec:
    """What came of a spec: for each model that is right the number of its trained parameters, what is wrong, the exit status
    that stands for it, and what has no effect."""

    spec: str
    params: dict[str, int]
    problems: tuple[Diagnostic, ...] = ()
    status: int = 0
    warnings: tuple[Diagnostic, ...] = ()


def check(spec: str | Path, model: str | None = None, settings: Mapping[str, str] | None = None) -> Program:
    """The checked program of a model.

    `spec` is the path of a `.vit` file or the name of a bundled model, `model` the one that is meant where a file has
    several, `settings` re-bind parameters as `--set` does (`{"heads": "16"}`). Raises `VitError`, whose `diagnostics` are
    all that is wrong.

        >>> import vitc
        >>> len(vitc.check("digits").weights())
        55
    """
    library, name = choose(str(spec), model)
    program = elaborate.elaborate(library, name, settings)
    sections.check(program)
    return program


def every_model(spec: str, settings: Mapping[str, str], *, strict: bool = False) -> CheckedSpec:
    """Checks all models of a spec; that it can't be opened is one of its mistakes, and with `strict` so is each warning."""
    try:
        library, names = open_spec(spec, broken=True)
    except VitError as problem:
        return CheckedSpec(spec, {}, problem.diagnostics, problem.exit_status)
    params, findings, warnings = _each(library, names, settings)
    if strict:
        findings.add(*(replace(warning, severity="error") for warning in warnings.items))
        warnings = Findings()
    problems, told = (tuple(sorted(found.items, key=_place)) for found in (findings, warnings))
    return CheckedSpec(spec, params, problems, exit_status(problems), told)


def _each(library: Library, names: tuple[str, ...], settings: Mapping[str, str]
          ) -> tuple[dict[str, int], Findings, Findings]:  # fmt: skip
    """Checks the models of a spec: the number of parameters of each that is right, what is wrong, what has no effect.

    Of a text with syntax errors only the models are looked at that nothing broken can touch, and none is right. A setting of a
    block warns where no model of the file reads it."""
    lost = {kind for module in library.modules.values() if module.file.lost for kind in module.file.lost.sections}
    params: dict[str, int] = {}
    findings = Findings(list(library.broken))
    odd: list[Diagnostic] = []
    read: set[Span] = set()
    broken = steps = 0
    if library.broken:
        intact = elaborate.intact(library)
        names = tuple(name for name in names if name in intact)
    for index, name in enumerate(names):
        checked = elaborate.check(library, name, settings)
        whole = {kind: section for kind, section in checked.sections.items() if kind not in lost}
        found = [*checked.problems, *sections.mistakes(whole, None if lost else checked.program)]
        findings.add(*found)
        odd += checked.warnings
        read |= checked.read
        broken += bool(found)
        steps += checked.steps
        if checked.program is not None and not found and not library.broken:
            params[name] = parameters(checked.program)
        left = len(names) - index - 1
        if left and (broken >= MOST_BROKEN or steps > MOST_STEPS):
            why = f"{broken} models have mistakes" if broken >= MOST_BROKEN else "the models so far took long"
            message = f"{why}; the {left:,} after `{name}` were not looked at"
            findings.add(Diagnostic("V0508", message, library.main.definitions[name].name.span))
            break
    if library.broken or not names:
        findings.add(*elaborate.mistakes(library))
    warnings = Findings()
    warnings.add(*(warning for warning in odd if warning.span not in read))
    return params, findings, warnings


def _place(problem: Diagnostic) -> tuple[str, int]:
    """Mistakes of one file stand together, in the order of its text."""
    return (problem.span.source.name, problem.span.start) if problem.span else (problem.file, -1)
