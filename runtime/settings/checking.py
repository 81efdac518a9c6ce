"""Entries of the text against a schema: every problem is a diagnostic at the value that has it, in plain words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from ...compiler.configuration import Choice, Entry
from ...diagnostics import Diagnostic
from ...diagnostics.source import Span
from ...diagnostics.suggest import suggestion
from .schema import Plugin

Schema = TypeVar("Schema", bound=BaseModel)

#: pydantic's kinds of errors as the end of a sentence that begins with the name of the key.
WORDS = {
    "int_type": "takes a whole number, not {given}",
    "int_from_float": "takes a whole number, not {given}",
    "float_type": "takes a number, not {given}",
    "bool_type": "takes true or false, not {given}",
    "string_type": "takes a text in quotes, not {given}",
    "list_type": "takes a list in [ ], not {given}",
    "tuple_type": "takes a list in [ ], not {given}",
    "missing": "holds too few values: {given}",
    "too_long": "holds too many values: {given}",
    "too_short": "holds too few values: {given}",
    "finite_number": "takes a finite number, not {given}",
    "greater_than": "must be above {gt:g}, not {given}",
    "greater_than_equal": "must be at least {ge:g}, not {given}",
    "less_than": "must be below {lt:g}, not {given}",
    "less_than_equal": "must be at most {le:g}, not {given}",
}


class Word(str):
    """A bare word of the text, and its place."""

    span: Span | None = None


def refuse(text: str, help: str = "") -> PydanticCustomError:
    """What a validator raises: the end of a sentence that begins with the name of the key, and what to do."""
    return PydanticCustomError("refused", "{text}", {"text": text, "help": help})


def refuse_with(*found: Diagnostic) -> PydanticCustomError:
    """What a validator raises that has its diagnostics already; those without a place get that of the key's value."""
    return PydanticCustomError("refused", "see the diagnostics", {"found": found})


def checked(
    owner: str, entries: Mapping[str, Entry], schema: type[Schema], span: Span | None
) -> tuple[Schema | None, list[Diagnostic]]:
    """The settings, or None and what is wrong; `owner` is what has these keys, `span` its place."""
    known = {n: e for n, e in entries.items() if n in schema.model_fields}
    found = [_unknown(owner, name, entry, schema) for name, entry in entries.items() if name not in known]
    found += [Diagnostic("V0316", f"the keys of {owner} are names, not texts in quotes", entry.name_span)
              for entry in known.values()
              if entry.name_span.text.startswith('"') and entry.name_span != entry.span]  # fmt: skip
    try:
        made = schema.model_validate({name: plain(_amended(name, entry, schema)) for name, entry in known.items()})
    except ValidationError as problem:
        for detail in problem.errors():
            found += _wrong(owner, known, detail, span)
        return None, found
    return (None if found else made), found


def _amended(name: str, entry: Entry, schema: type[BaseModel]) -> Any:
    """The value of an entry; parts that are set by path alone change the choice that is made without them."""
    default = schema.model_fields[name].get_default(call_default_factory=True)
    if isinstance(entry.value, dict) and isinstance(default, Plugin):
        parts: dict[str, Entry] = entry.value  # type: ignore[reportUnknownMemberType] -- sections have no other dicts
        return Choice(default.name, span=entry.span, parts=parts)
    return entry.value  # type: ignore[reportUnknownMemberType] -- of any kind


def plain(value: Any) -> Any:
    """A value as written: words become strings, choices with arguments stay."""
    if isinstance(value, Choice) and not value.args and not value.kwargs and not value.parts:
        word = Word(value.name)
        word.span = value.span
        return word
    if isinstance(value, (list, tuple)):
        items: list[Any] = [plain(item) for item in value]  # type: ignore[reportUnknownVariableType] -- of any kind
        return items
    if isinstance(value, dict):
        entries: dict[str, Entry] = value  # type: ignore[reportUnknownVariableType] -- sections have no other dicts
        return {key: plain(entry.value) for key, entry in entries.items()}
    return value


def listed(value: Any) -> list[Any]:
    """The members of a list; any other value as a list of one."""
    return list(value) if isinstance(value, (list, tuple)) else [value]  # type: ignore[reportUnknownArgumentType] -- of any kind


def shown(value: Any) -> str:
    """A value as the language writes it, cut where it is long."""
    match value:
        case None | True | False:
            text = str(value).lower()
        case list() | tuple():
            text = f"[{', '.join(shown(item) for item in value)}]"  # type: ignore[reportUnknownVariableType] -- of any kind
        case dict():
            text = "`{ … }`"
        case Word():
            text = f"`{value}`"
        case str():
            text = f'"{value}"'
        case Choice():
            text = f"`{value.name}(…)`"
        case _:
            text = f"`{value.value} {value.unit}`" if hasattr(value, "unit") else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _unknown(owner: str, name: str, entry: Entry, schema: type[BaseModel]) -> Diagnostic:
    return Diagnostic("V0602", f"{owner} has no `{name}`", entry.name_span, help=suggestion(name, schema.model_fields))


def _wrong(owner: str, entries: Mapping[str, Entry], detail: ErrorDetails, span: Span | None) -> list[Diagnostic]:
    context: dict[str, Any] = detail.get("ctx", {})
    if "found" in context:
        at = entries[str(detail["loc"][0])].span
        return [d if d.span else replace(d, span=at) for d in context["found"]]
    if not detail["loc"]:  # about several keys together
        return [Diagnostic("V0603", f"{owner}: {_text(detail, context)}", span)]
    name = str(detail["loc"][0])
    if name not in entries:
        return [Diagnostic("V0605", f"{owner} needs `{name}`", span)]
    entry = entries[name]
    if isinstance(entry.value, dict) and len(detail["loc"]) > 1:  # the place is the value inside the mapping
        inner: dict[str, Entry] = entry.value  # type: ignore[reportUnknownVariableType] -- sections have no other dicts
        name = str(detail["loc"][1])
        entry = inner.get(name, entry)
    return [Diagnostic("V0603", f"`{name}` {_text(detail, context)}", entry.span, help=context.get("help", ""))]


def _text(detail: ErrorDetails, context: Mapping[str, Any]) -> str:
    if "text" in context:
        return str(context["text"])
    return WORDS[detail["type"]].format(given=shown(detail["input"]), **context)
