"""What the sections `data`, `train`, `export` and `weights`, and `input` of a sheet, may say: one schema each, checked before anything runs."""

from collections.abc import Mapping

from ...compiler.ir.program import Layer, Program, Section
from ...diagnostics import Diagnostic, Findings, VitError
from .checking import Schema, checked


def section(program: Program, kind: str, schema: type[Schema]) -> Schema:
    """A section of a model by its schema, with the defaults where it says nothing; raises every problem of it."""
    found = program.sections.get(kind)
    owner = "`input`" if kind == "input" else f"section `{kind}`"
    made, problems = checked(owner, found.entries if found else {}, schema, found.span if found else program.root.span)
    findings = Findings()
    findings.add(*sorted(problems, key=lambda d: d.span.start if d.span else -1))
    findings.raise_if_any()
    assert made is not None
    return made


def check(program: Program) -> None:
    """All sections of a model; raises every problem of all of them."""
    findings = Findings()
    findings.add(*mistakes(program.sections, program))
    findings.raise_if_any()


def mistakes(found: Mapping[str, Section], program: Program | None) -> list[Diagnostic]:
    """Every problem of these sections; without a program, what they say of its sizes is not looked at."""
    problems: list[Diagnostic] = []
    for kind in found:
        try:
            _check(program or Program("", Layer(""), found), kind)
        except VitError as problem:
            problems += problem.diagnostics
    if program is not None and not problems and found.keys() & {"data", "input"}:
        from .data import Data
        from .input import preprocess

        try:
            preprocess(program, section(program, "data", Data))
        except VitError as problem:
            problems += problem.diagnostics
    return problems


def _check(program: Program, kind: str) -> None:
    """One section; the schemas of the others, and what they import, stay unread."""
    match kind:
        case "data":
            from .data import Data

            section(program, kind, Data)
        case "input":
            from .input import Input

            section(program, kind, Input)
        case "train":
            from .train import Train

            section(program, kind, Train)
        case "export":
            from .export import Export

            section(program, kind, Export)
        case "weights":
            from .weights import Weights

            section(program, kind, Weights)
        case _:
            pass
