"""How others name and store the weights of the same models: a file each, data and no code.

A layout is a table from our names to theirs (`patterns`), where needed with a change of axes (`axes`). Several names on
one side are one tensor on the other, joined along the first axis (q, k and v). Every rule can be read backwards.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ....grammar.name_patterns import holes_of, spread
from .axes import Axes, axes

HERE = Path(__file__).parent


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Rule(_Strict):
    """Our tensors `ours`, joined along the first axis, are theirs, each brought to our `axes` and joined.

    `fold`: theirs keep a position for the class token, ours do not: it is added to the token (DINOv2 with registers).
    `gated`: only where the first axis of the first tensor is twice the last of the second: both halves of a gated MLP.
    """

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    axes: Axes | None = None
    fold: bool = False
    gated: tuple[str, ...] = ()
    top: bool = False

    @model_validator(mode="after")
    def _sound(self) -> "Rule":
        ours, theirs = ({h for n in names for h in holes_of(n)} for names in (self.ours, self.theirs))
        stacked = any(name.endswith("[i]") for name in self.theirs)
        if ours != (theirs | ({"i"} if stacked else set())):
            raise ValueError(f"{self.ours[0]}: the holes of both sides differ")
        if self.fold and (len(self.ours), len(self.theirs)) != (2, 2):
            raise ValueError(f"{self.ours[0]}: fold takes a token and its positions")
        return self


def _rules(table: Any, *, top: bool) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for ours, value in dict(table).items():
        ways: list[Any] = value if isinstance(value, list) else [value]  # type: ignore[reportUnknownVariableType] -- of any kind
        for way in ways:  # the first that fits
            fields: dict[str, Any] = {"theirs": way} if isinstance(way, str) else dict(way)
            if "axes" in fields:
                fields["axes"] = axes(fields["axes"])
            made.append({**fields, "ours": spread(ours), "theirs": spread(fields["theirs"]), "top": top})
    return made


class Layout(_Strict):
    """`prefixes`: what may stand before all names of `tensors`, the first is written; `top` stands outside of it.

    `requires`: ours without which a model is another's. `left_out`: tensors of theirs that no model here has. `zeros`: ours that they lack, because they are zero.
    `their_zeros`: theirs that ours may lack if they are zero, with a tensor of ours of the same shape.
    `infinite`: ours that may hold infinities, such as the bounds of a clamp that does nothing. `aliases`: other spellings of
    theirs. `extra_rows`: how many rows a table of relative positions may have besides those of its window.
    """

    name: str
    about: str
    family: str
    prefixes: tuple[str, ...] = ("",)
    tensors: Annotated[tuple[Rule, ...], BeforeValidator(lambda table: _rules(table, top=False))]
    top: Annotated[tuple[Rule, ...], BeforeValidator(lambda table: _rules(table, top=True))] = ()
    requires: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()
    infinite: tuple[str, ...] = ()
    extra_rows: tuple[int, ...] = (0,)
    their_zeros: dict[str, str] = Field(default_factory=dict[str, str])
    aliases: dict[str, str] = Field(default_factory=dict[str, str])

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All of them, those outside of the prefix first."""
        return self.top + self.tensors


@cache
def layouts() -> dict[str, Layout]:
    """Every layout by its name, checked."""
    return {path.stem: _read(path) for path in sorted(HERE.glob("*.toml"))}


@cache
def _read(path: Path) -> Layout:
    return Layout.model_validate({"name": path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))})


def named(name: str) -> list[Layout]:
    """The layout of this name, those of a family of this name, all for `auto`; none where there is no such name."""
    if name in {path.stem for path in HERE.glob("*.toml")}:
        return [_read(HERE / f"{name}.toml")]
    return [one for one in layouts().values() if name in ("auto", one.family)]
