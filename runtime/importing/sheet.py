"""A spec in the making, and its text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ...grammar.diagnostics import VitError, error
from ...grammar.parser import parse
from ...grammar.printer import print_file
from ...grammar.source import Source
from ..sections.data import STATISTICS

Schema = TypeVar("Schema", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person said besides the file: the name of the model, and what shapes can't tell."""

    name: str = "imported"
    heads: int | None = None
    eps: float | None = None
    act: str | None = None
    pool: str | None = None
    image: tuple[int, int] | None = None


@dataclass(slots=True)
class Sheet:
    """A model of `base` with its entries, and the sections; values are texts of the language. `notes`: what was left out."""

    name: str
    base: str
    uses: tuple[str, ...] = ()
    entries: dict[str, str] = field(default_factory=dict[str, str])
    data: dict[str, str] = field(default_factory=dict[str, str])
    weights: dict[str, str] = field(default_factory=dict[str, str])
    notes: list[str] = field(default_factory=list[str])

    def text(self) -> str:
        """Formatted."""
        uses = "".join(f'use "{use}"\n' for use in self.uses)
        model = f"model {self.name} = {self.base} {_braces(self.entries)}\n"
        rest = "".join(f"{kind} {_braces(e)}\n" for kind, e in (("data", self.data), ("weights", self.weights)) if e)
        try:
            return print_file(parse(Source("<import>", f"vit 1\n{uses}{model}{rest}")))
        except VitError as problem:  # the only text from outside is the name
            raise error("V1004", f"`{self.name}` can't be the name of a model", exit_status=2) from problem

    def prepare(self, mean: Iterable[float], std: Iterable[float]) -> None:
        """Statistics by their name where they have one."""
        pair = tuple(mean), tuple(std)
        known = next((name for name, values in STATISTICS.items() if values == pair), None)
        self.data["mean"] = known or listed(pair[0])
        self.data["std"] = known or listed(pair[1])


def _braces(entries: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {value}" for name, value in entries.items()) + " }"


def listed(values: Iterable[float]) -> str:
    """Numbers as a list of the language."""
    return f"[{', '.join(map(number, values))}]"


def number(value: float) -> str:
    """As the language writes it."""
    return repr(value).replace("e-0", "e-").replace("e+", "e")


def valid(schema: type[Schema], values: Mapping[str, Any], path: Path) -> Schema:
    """A configuration by a schema; V0713 says which of its values is wrong."""
    try:
        return schema.model_validate(values)
    except ValidationError as problem:
        detail = problem.errors()[0]
        where = ".".join(map(str, detail["loc"]))
        raise error("V0713", f"`{path}`, {where}: {detail['msg'].lower()}", exit_status=3) from None


def unsayable(path: Path, what: str) -> VitError:
    """For a configuration that no sheet can be made of."""
    return error("V0713", f"`{path}`: {what}", exit_status=3)
