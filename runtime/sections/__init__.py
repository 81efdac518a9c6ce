"""What the sections `data`, `train`, `export` and `weights` may say: one schema each, checked before anything runs."""

from ...compiler.ir.program import Program
from ...grammar.diagnostics import Findings, VitError
from .checking import Schema, checked


def section(program: Program, kind: str, schema: type[Schema]) -> Schema:
    """A section of a model by its schema, with the defaults where it says nothing; raises every problem of it."""
    found = program.sections.get(kind)
    made, problems = checked(
        f"section `{kind}`", found.entries if found else {}, schema, found.span if found else program.root.span
    )
    findings = Findings()
    findings.add(*sorted(problems, key=lambda d: d.span.start if d.span else -1))
    findings.raise_if_any()
    assert made is not None
    return made


def check(program: Program) -> None:
    """All sections of a model; raises every problem of all of them."""
    if not program.sections:
        return
    findings = Findings()
    for kind in program.sections:
        try:
            _check(program, kind)
        except VitError as problem:
            findings.add(*problem.diagnostics)
    findings.raise_if_any()


def _check(program: Program, kind: str) -> None:
    """One section; the schemas of the others, and what they import, stay unread."""
    match kind:
        case "data":
            from .data import Data, preprocess

            preprocess(program, section(program, kind, Data))
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
