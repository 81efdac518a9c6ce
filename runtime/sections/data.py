"""The section `data`: where images come from, and what of the model's `input` it overrides."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ..data.sources import SOURCES, Source
from ..settings.checking import refuse, shown
from ..settings.choices import one_of
from ..settings.values import word
from .input import Input


def _unique(names: list[str] | None) -> list[str] | None:
    """Names of classes, each once."""
    if names is not None and not names:
        raise refuse("names no class")
    twice = [name for name in names or () if (names or []).count(name) > 1]
    if twice:
        raise refuse(f"names {shown(twice[0])} twice")
    return names


def _labels(value: Any) -> Any:
    """Texts by the names of classes, or the path of a JSON file that holds them."""
    texts: list[Any] = list(value.values()) if isinstance(value, dict) else [value]  # type: ignore[reportUnknownArgumentType] -- of any kind
    if value is None or (texts and all(type(text) is str for text in texts)):  # a bare word is no text
        return value  # type: ignore[reportUnknownVariableType] -- checked above
    raise refuse('takes texts by class names, `labels { "n01440764" = "tench" }`, or the path of a JSON file in quotes')


class Data(Input):
    """`validation`: the share of the training pictures that is held back, where the source has no such part.
    `bad_limit`: the largest share of a part that may be unreadable where `on_bad` is `skip`."""

    source: Annotated[Source, one_of(SOURCES)] | None = None
    classes: Annotated[list[str] | None, AfterValidator(_unique)] = None
    labels: Annotated[dict[str, str] | str | None, BeforeValidator(_labels)] = None
    on_bad: Annotated[str, word("skip", "refuse")] = "skip"
    bad_limit: float = Field(default=0.01, ge=0, lt=1)
    validation: float | None = Field(None, gt=0, lt=1)
    split_seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _has_effect(self) -> "Data":
        if self.on_bad == "refuse" and "bad_limit" in self.model_fields_set:
            raise refuse("`bad_limit` has no effect with `on_bad = refuse`")
        return self
