"""Values of sections as pydantic reads them: words as strings, named choices with typed arguments."""

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from ...compiler.ir.program import Choice, Quantity
from ...grammar.suggest import suggestion


class Strict(BaseModel):
    """Nothing unknown, nothing converted silently, nothing changed later."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Picked:
    """One of several named ways (`adamw`) with its checked settings; `module` is the file it stands in."""

    name: str
    settings: Any
    module: Any


def plain(value: Any) -> Any:
    """A value as written: words become strings, choices with arguments stay."""
    if isinstance(value, Choice):
        return value if value.args or value.kwargs else value.name
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]  # type: ignore[reportUnknownVariableType]
    return value


def names(package: str) -> tuple[str, ...]:
    """The ways there are: the files of a package."""
    return tuple(sorted(item.name for item in iter_modules(import_module(package).__path__)))


def pick(package: str, later: tuple[str, ...], value: Any) -> Picked:
    """The way of this name with its arguments, by position or by name."""
    if isinstance(value, Picked):
        return value
    choice = value if isinstance(value, Choice) else Choice(value) if isinstance(value, str) else None
    if choice is None:
        raise PydanticCustomError("choice", f"takes one of {', '.join(names(package))}")
    if choice.name in later:
        raise PydanticCustomError("later", f"`{choice.name}` is part of the language, but this version lacks it")
    if choice.name not in names(package):
        help = suggestion(choice.name, names(package)) or f"there are {', '.join(names(package))}"
        raise PydanticCustomError("unknown_choice", f"there is no `{choice.name}`; {help}")
    module = import_module(f"{package}.{choice.name}")
    return Picked(choice.name, _settings(choice, module.Settings), module)


def _settings(choice: Choice, schema: type[BaseModel]) -> BaseModel:
    fields = list(schema.model_fields)
    if len(choice.args) > len(fields):
        raise PydanticCustomError("choice", f"`{choice.name}` takes at most {len(fields)} values")
    given = dict(zip(fields, map(plain, choice.args), strict=False))
    given |= {name: plain(value) for name, value in choice.kwargs.items()}
    try:
        return schema.model_validate(given)
    except ValidationError as problem:
        detail = problem.errors()[0]
        where = ".".join(map(str, detail["loc"]))
        raise PydanticCustomError("choice", "{text}", {"text": f"`{choice.name}`, {where}: {detail['msg']}"}) from None


def _word(allowed: tuple[str, ...], later: tuple[str, ...], value: Any) -> str:
    if value in later:
        raise PydanticCustomError("later", f"`{value}` is part of the language, but this version lacks it")
    if value not in allowed:
        raise PydanticCustomError("unknown_choice", f"takes {' or '.join(allowed)}")
    return value


def word(*allowed: str, later: tuple[str, ...] = ()) -> Any:
    """The type of a field that takes one of some words."""
    return Annotated[str, BeforeValidator(partial(_word, allowed, later))]


def one_of(package: str, later: tuple[str, ...] = ()) -> Any:
    """The type of a field that names one file of a package."""
    return Annotated[Picked, BeforeValidator(partial(pick, package, later))]


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
    raise PydanticCustomError("duration", "a length of training is written `5 epochs` or `1000 steps`")


Length = Annotated[Duration, BeforeValidator(_duration)]


#: Two numbers, written as a list.
pair = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)  # type: ignore[reportUnknownArgumentType]
