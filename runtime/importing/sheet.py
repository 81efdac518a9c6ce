"""A spec in the making, and its text."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ...diagnostics import VitError, error
from ...diagnostics.source import Source
from ...grammar.characters import unseen
from ...grammar.parser import parse
from ...grammar.printer import print_file
from ...grammar.tree import Model
from ...grammar.values import listed, number, quoted
from ..sections.input import STATISTICS
from ..weights.files import Tensors

Schema = TypeVar("Schema", bound=BaseModel)

_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person said besides the file: the name of the model, and what the file does not tell."""

    name: str = "imported"
    heads: int | None = None
    eps: float | None = None
    act: str | None = None
    pool: str | None = None
    image: tuple[int, int] | None = None


@dataclass(slots=True)
class Sheet:
    """A model of `base` with its entries, its `input`, and the sections; values are texts of the language.

    `classes` are the names of the outputs, `labels` what is displayed for a name. `notes` say what was decided and what was left out; they are the comment above the
    model. `cut`: height and width that pictures are cut to.
    `source`: the file that all this is from; `stored`: the tensors beside it, where they can be read.
    """

    name: str
    base: str
    uses: tuple[str, ...] = ()
    entries: dict[str, str] = field(default_factory=dict[str, str])
    input: dict[str, str] = field(default_factory=dict[str, str])
    data: dict[str, str] = field(default_factory=dict[str, str])
    train: dict[str, str] = field(default_factory=dict[str, str])
    weights: dict[str, str] = field(default_factory=dict[str, str])
    classes: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict[str, str])
    cut: tuple[int, int] | None = None
    source: Path = Path()
    stored: Tensors | None = None
    notes: list[str] = field(default_factory=list[str])

    def text(self) -> str:
        """The spec as `vitc fmt` lays it out, with the notes as comments; raises V1004 for a name that no model can have."""
        uses = "".join(f'use "{use}"\n' for use in self.uses)
        entries = [_bound(self.entries), f"input {_braces(self.input)}" if self.input else ""]
        model = f"model {self.name} = {self.base} {{ {', '.join(filter(None, entries))} }}\n"
        data = self.data | ({"classes": f"[{', '.join(map(quoted, self.classes))}]"} if self.classes else {})
        sections = (("data", data), ("train", self.train), ("weights", self.weights))
        labels = ", ".join(f"{quoted(name)} = {quoted(text)}" for name, text in self.labels.items())
        if labels:
            data["labels"] = f"{{ {labels} }}"
        rest = "".join(f"{kind} {_braces(e)}\n" for kind, e in sections if e)
        _named(self.name, self.base)
        text = print_file(parse(Source("<import>", f"vit 1\n{uses}{model}{rest}")))
        head, start, tail = text.partition(f"model {self.name} =")
        return head + "".join(map(_comment, self.notes)) + start + tail


def _named(name: str, base: str) -> None:
    """Raises V1004 for what can't be the name of a model of this base."""
    try:
        items = parse(Source("<import>", f"vit 1\nmodel {name} = {base}\n")).items
        sound = len(items) == 1 and isinstance(items[0], Model) and items[0].name.id == name != base
    except VitError:
        sound = False
    if not sound:
        raise error("V1004", f"{shown(name)} can't be the name of a model")


def _braces(entries: Mapping[str, str]) -> str:
    return f"{{ {_bound(entries)} }}"


def _bound(entries: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {'' if value[0] == '{' else '= '}{value}" for name, value in entries.items())


def _comment(note: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(note, _WIDTH - 2, break_long_words=False))


def statistics(mean: Sequence[float], std: Sequence[float]) -> dict[str, str]:
    """The keys `mean` and `std` of `input`: one number where all channels have the same, else the name of both or lists."""
    pair = tuple(mean), tuple(std)
    if len({*pair[0]}) == 1 and len({*pair[1]}) == 1:
        return {"mean": number(pair[0][0]), "std": number(pair[1][0])}
    known = next((name for name, values in STATISTICS.items() if values == pair), None)
    return {"mean": known or listed(pair[0]), "std": known or listed(pair[1])}


def share(side: int, resize: int) -> str | None:
    """The shortest `crop` for which a picture is resized to `resize` before the middle of `side` is cut out."""
    for digits in range(1, 7):
        value = round(side / resize, digits)
        if 0 < value <= 1 and floor(side / value) == resize:
            return number(value)
    return None


def literal(text: str, path: Path, key: str) -> str:
    """A text that a spec can hold; raises V0713 for one with characters that can't be seen."""
    character = unseen(text)
    if character:
        raise refused(path, key, text, f"{character} has no place in a spec")
    return text


def shown(value: Any) -> str:
    """A value of a configuration as JSON writes it, in ASCII, cut to 80 characters."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = "…"
    return text if len(text) <= 80 else f"{text[:77]}…"


def valid(schema: type[Schema], values: Mapping[str, Any], path: Path, above: str = "") -> Schema:
    """A configuration by a schema; V0713 names the key that is wrong. `above`: the keys that lead to `values`."""
    try:
        return schema.model_validate(values)
    except ValidationError as problem:
        detail = problem.errors()[0]
        key = next((str(part) for part in detail["loc"]), "")
        given = values.get(key) if key in values else detail["input"]
        raise refused(path, above + key, given, detail["msg"][:1].lower() + detail["msg"][1:]) from None


def refused(path: Path, key: str, value: Any, why: str, help: str = "") -> VitError:
    """For a value that no sheet can be made of: names the file and the key."""
    return unsayable(path, f"{key[:80]} = {shown(value)}: {why}", help)


def unsayable(path: Path, what: str, help: str = "") -> VitError:
    """For a configuration that no sheet can be made of."""
    return error("V0713", f"`{path}`: {what}", help=help)
