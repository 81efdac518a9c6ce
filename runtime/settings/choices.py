"""Settings that name one of the plug-ins of a folder, `adamw` or `adamw(lr = 1e-3)`."""

from functools import partial
from typing import Any, TypeVar

from pydantic import BeforeValidator, Field

from ...compiler.configuration import Choice, Entry
from ...compiler.plugins import Folder
from ...diagnostics import Diagnostic
from ...diagnostics.suggest import suggestion
from .checking import checked, refuse, refuse_with, shown
from .schema import Plugin

Kind = TypeVar("Kind", bound=Plugin)


def one_of(folder: Folder[Kind]) -> BeforeValidator:
    """Makes a field take the plug-ins of a folder by name, each with its settings by position or by name."""
    return BeforeValidator(partial(_chosen, folder))


def default(folder: Folder[Kind], name: str) -> Any:
    """Makes a plug-in with the defaults of its settings the default of a field."""
    return Field(default_factory=folder.get(name))


def _chosen(folder: Folder[Kind], value: Any) -> Kind:
    if isinstance(value, folder.kind):
        return value
    known = folder.names()
    if not isinstance(value, (str, Choice)):
        raise refuse(f"takes one of {', '.join(known)}, not {shown(value)}")
    choice = value if isinstance(value, Choice) else Choice(value, span=getattr(value, "span", None))
    if choice.name not in known:
        help = suggestion(choice.name, known)
        raise refuse_with(Diagnostic("V0602", f"there is no `{choice.name}`", choice.span, help=help))
    return _made(choice, folder.get(choice.name))


def _made(choice: Choice, plugin: type[Kind]) -> Kind:
    fields = list(plugin.model_fields)
    entries: dict[str, Entry] = dict(zip(fields, choice.args, strict=False))
    found = [
        Diagnostic("V0603", f"`{choice.name}` takes at most {len(fields)} values", extra.span)
        for extra in choice.args[len(fields) :]
    ]
    found += [
        Diagnostic("V0204", f"`{name}` is given twice to `{choice.name}`", choice.kwargs[name].name_span)
        for name in choice.kwargs
        if name in entries
    ]
    made, problems = checked(f"`{choice.name}`", {**entries, **choice.kwargs, **choice.parts}, plugin, choice.span)
    if made is None or found:
        raise refuse_with(*found, *problems)
    return made
