"""What the sections `data`, `train`, `export` and `weights` may say: one schema each, checked before anything runs."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ...compiler.ir.program import Entry, Program, Section
from ...grammar.diagnostics import Diagnostic, Findings
from ...grammar.suggest import suggestion
from .values import plain

Schema = TypeVar("Schema", bound=BaseModel)


def section(program: Program, kind: str, schema: type[Schema]) -> Schema:
    """A section of a model by its schema, with the defaults where it says nothing; raises every problem of it."""
    found = program.sections.get(kind)
    return validated(found or Section(kind, {}, _nowhere(program)), schema)


def validated(section: Section, schema: type[Schema]) -> Schema:
    """Its values, or `VitError` with a diagnostic at the place of each that is wrong."""
    findings = Findings()
    for name, entry in section.entries.items():
        if name not in schema.model_fields:
            findings.add(_unknown(section.kind, name, entry, schema))
    values = {n: plain(e.value) for n, e in section.entries.items() if n in schema.model_fields}
    try:
        made = schema.model_validate(values)
    except ValidationError as problem:
        for detail in problem.errors():
            findings.add(_wrong(section, detail))
        findings.raise_if_any()
        raise
    findings.raise_if_any()
    return made


def _unknown(kind: str, name: str, entry: Entry, schema: type[BaseModel]) -> Diagnostic:
    later: tuple[str, ...] = getattr(schema, "LATER", ())
    if name in later:
        return Diagnostic("V0604", f"`{name}` is part of the language, but this version lacks it", entry.name_span)
    help = suggestion(name, schema.model_fields)
    return Diagnostic("V0602", f"section `{kind}` has no `{name}`", entry.name_span, help=help)


def _wrong(section: Section, detail: ErrorDetails) -> Diagnostic:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    entry = section.entries.get(name)
    if entry is None:
        return Diagnostic("V0605", f"section `{section.kind}` needs `{name}`", section.span)
    inner = ".".join(str(part) for part in detail["loc"][1:] if isinstance(part, (str, int)))
    code = {"later": "V0604", "unknown_choice": "V0602"}.get(detail["type"], "V0603")
    where = f"{name} ({inner})" if inner else name
    return Diagnostic(code, f"{where}: {_lower(detail['msg'])}", entry.span)


def _lower(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _nowhere(program: Program) -> Any:
    return program.root.span
