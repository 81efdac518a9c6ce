"""What the sections `data`, `train`, `export` and `weights`, and `input` of a sheet, may say: a file each, called like the
section. All is checked before anything runs."""

from collections.abc import Mapping
from typing import Self

from ...compiler.ir import program as ir
from ...compiler.ir.program import Layer, Program
from ...compiler.plugins import Folder
from ...diagnostics import Diagnostic, Findings, VitError
from ..settings.checking import checked
from ..settings.schema import Strict


class Section(Strict):
    """The settings of a section, with the defaults where a spec says nothing."""

    @classmethod
    def of(cls, program: Program) -> Self:
        """Reads this section of a model; raises every problem of it."""
        kind = cls.__module__.rpartition(".")[2]
        found = program.sections.get(kind)
        owner = "`input`" if kind == "input" else f"section `{kind}`"
        made, problems = checked(owner, found.entries if found else {}, cls, found.span if found else program.root.span)
        findings = Findings()
        findings.add(*sorted(problems, key=lambda d: d.span.start if d.span else -1))
        findings.raise_if_any()
        assert made is not None
        return made


SECTIONS = Folder(__name__, Section)


def check(program: Program) -> None:
    """Checks all sections of a model; raises every problem of all of them."""
    findings = Findings()
    findings.add(*mistakes(program.sections, program))
    findings.raise_if_any()


def mistakes(found: Mapping[str, ir.Section], program: Program | None) -> list[Diagnostic]:
    """Gives every problem of these sections; without a program, what they say of its sizes is not looked at."""
    problems: list[Diagnostic] = []
    for kind in found:
        try:
            SECTIONS.get(kind).of(program or Program("", Layer(""), found))
        except VitError as problem:
            problems += problem.diagnostics
    if program is not None and not problems:
        from .export import outputs

        for kinds, fit in (({"data", "input"}, _prepared), ({"export"}, outputs)):
            try:
                if found.keys() & kinds:
                    fit(program)
            except VitError as problem:
                problems += problem.diagnostics
    return problems


def _prepared(program: Program) -> None:
    """Raises what keeps pictures from becoming the input of the model."""
    from .data import Data
    from .input import preprocess

    preprocess(program, Data.of(program))
