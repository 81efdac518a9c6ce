"""Types of values in sections: words, named choices with typed arguments, lengths of training."""

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from ...compiler.ir.program import Choice, Entry, Quantity
from ...diagnostics import Diagnostic
from ...diagnostics.suggest import suggestion
from .checking import checked, later, refuse, refuse_with, shown


class Strict(BaseModel):
    """Nothing unknown, nothing converted silently, nothing changed later."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Picked:
    """One of several named ways (`adamw`) with its checked settings; `module` is the file it stands in."""

    name: str
    settings: Any
    module: Any


def names(package: str) -> tuple[str, ...]:
    """The ways there are: the files of a package."""
    return tuple(sorted(item.name for item in iter_modules(import_module(package).__path__)))


def pick(package: str, lacking: tuple[str, ...], value: Any) -> Picked:
    """The way of this name with its arguments, by position or by name."""
    if isinstance(value, Picked):
        return value
    known = names(package)
    if not isinstance(value, (str, Choice)):
        raise refuse(f"takes one of {', '.join(known)}, not {shown(value)}")
    choice = value if isinstance(value, Choice) else Choice(value, span=getattr(value, "span", None))
    if choice.name in lacking:
        raise refuse_with(later(choice.name, choice.span, f"this version has {', '.join(known)}"))
    if choice.name not in known:
        help = suggestion(choice.name, known)
        raise refuse_with(Diagnostic("V0602", f"there is no `{choice.name}`", choice.span, help=help))
    module = import_module(f"{package}.{choice.name}")
    return Picked(choice.name, _settings(choice, module.Settings), module)


def _settings(choice: Choice, schema: type[BaseModel]) -> BaseModel:
    fields = list(schema.model_fields)
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
    made, problems = checked(f"`{choice.name}`", {**entries, **choice.kwargs, **choice.parts}, schema, choice.span)
    if made is None or found:
        raise refuse_with(*found, *problems)
    return made


def one_of(package: str, lacking: tuple[str, ...] = ()) -> BeforeValidator:
    """A field (of type `Picked`) that names one file of a package."""
    return BeforeValidator(partial(pick, package, lacking))


def _word(allowed: tuple[str, ...], lacking: tuple[str, ...], value: Any) -> str:
    if value in lacking:
        raise refuse_with(later(value, getattr(value, "span", None)))
    if value not in allowed:
        raise refuse(f"takes {', '.join(allowed[:-1])} or {allowed[-1]}, not {shown(value)}")
    return value


def word(*allowed: str, lacking: tuple[str, ...] = ()) -> BeforeValidator:
    """A field (of type `str`) that takes one of some words."""
    return BeforeValidator(partial(_word, allowed, lacking))


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of training: `5 epochs` or `1000 steps`."""

    value: float
    unit: str

    def steps(self, per_epoch: int) -> int:
        """As a number of steps."""
        return round(self.value * (per_epoch if self.unit == "epochs" else 1))


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    if isinstance(value, Quantity) and value.unit in ("epochs", "steps") and value.value >= 0:
        return Duration(value.value, value.unit)
    raise refuse(f"takes a length of training like `5 epochs` or `1000 steps`, not {shown(value)}")


Length = Annotated[Duration, BeforeValidator(_duration)]


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value  # type: ignore[reportUnknownArgumentType] -- pydantic checks the members


#: Two numbers, written as a list.
pair = BeforeValidator(_pair)
