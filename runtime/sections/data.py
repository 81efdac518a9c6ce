"""The section `data`: where images come from and how they become numbers."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ...compiler.ir.program import Entry, Program
from ...grammar.diagnostics import error
from ..preprocess import Preprocess
from .checking import listed, refuse, shown
from .values import Picked, Strict, one_of, word

_SOURCES = "vitc.runtime.data.sources"
_LATER = ("hf", "webdataset", "cifar10", "cifar100", "imagenet", "mnist")

LARGEST_SIDE = 65536

#: Statistics by name: mean and std of each channel.
STATISTICS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}


def _statistic(which: int, value: Any) -> tuple[float, ...]:
    """0: means, 1: standard deviations; a name, a number for all channels or a number for each."""
    if isinstance(value, str) and value in STATISTICS:
        return STATISTICS[value][which]
    values = listed(value)
    if not values or not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in values):
        raise refuse(f"takes a number, a number for each channel, or {', '.join(STATISTICS)}, not {shown(value)}")
    if which == 1 and any(x <= 0 for x in values):
        raise refuse(f"must be above 0, not {shown(value)}")
    return tuple(float(x) for x in values)


def _size(value: Any) -> int | tuple[int, int]:
    match value:
        case bool():
            pass
        case int() if 1 <= value <= LARGEST_SIDE:
            return value
        case [int(rows), int(columns)] if min(rows, columns) >= 1 and max(rows, columns) <= LARGEST_SIDE:
            return rows, columns
        case _:
            pass
    raise refuse(f"takes pixels like 256 or 256x192, at most {LARGEST_SIDE}, not {shown(value)}")


Size = Annotated[int | tuple[int, int], BeforeValidator(_size)]


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


class Data(Strict):
    """Sizes in pixels. `resize`: the side (or rows x columns) before the middle is cut out, the shorter one where `crop_mode` is
    `center`, both for `squash`, the longer one for `border`; without it pictures are stretched.
    `validation`: the share of the training pictures that is held back, where the source has no such part.
    `bad_limit`: the largest share of a part that may be unreadable where `on_bad` is `skip`."""

    source: Annotated[Picked, one_of(_SOURCES, _LATER)] | None = None
    resize: Size | None = None
    crop: Size | None = None
    crop_mode: Annotated[str, word("center", "squash", "border")] = "center"
    interpolation: Annotated[str, word("nearest", "bilinear", "bicubic", "lanczos")] = "bilinear"
    mean: Annotated[tuple[float, ...], BeforeValidator(partial(_statistic, 0))] = (0.0,)
    std: Annotated[tuple[float, ...], BeforeValidator(partial(_statistic, 1))] = (1.0,)
    classes: Annotated[list[str] | None, AfterValidator(_unique)] = None
    labels: Annotated[dict[str, str] | str | None, BeforeValidator(_labels)] = None
    on_bad: Annotated[str, word("skip", "refuse")] = "skip"
    bad_limit: float = Field(0.01, ge=0, lt=1)
    validation: float | None = Field(None, gt=0, lt=1)
    split_seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _has_effect(self) -> "Data":
        if self.on_bad == "refuse" and "bad_limit" in self.model_fields_set:
            raise refuse("`bad_limit` has no effect with `on_bad = refuse`")
        return self


def preprocess(program: Program, data: Data) -> Preprocess:
    """How pictures become the input of this model."""
    shape = program.root.bodies[0].inputs[0].type.shape
    if len(shape) != 3:
        raise error(
            "V0606", f"the model takes {list(shape)}, a picture is [channels, height, width]", program.root.span
        )
    channels, height, width = shape
    entries: Mapping[str, Entry] = program.sections["data"].entries if "data" in program.sections else {}
    for name in ("mean", "std"):
        if len(getattr(data, name)) not in (1, channels):
            raise error("V0606", f"{len(getattr(data, name))} values for {channels} channels", entries[name].span)
    if data.crop is not None and _both(data.crop) != (height, width):
        raise error("V0606", f"crop is {_text(data.crop)}, the model takes {height}x{width}", entries["crop"].span)
    if data.resize is None:
        if "crop_mode" in entries:
            raise error(
                "V0606", "without `resize` pictures are stretched, `crop_mode` says nothing", entries["crop_mode"].span
            )
    elif data.crop_mode != "border" and any(a < b for a, b in zip(_both(data.resize), (height, width), strict=True)):
        raise error("V0606", f"resize to {_text(data.resize)} leaves less than the {height}x{width} of the model",
                    entries["resize"].span)  # fmt: skip
    return Preprocess(channels, height, width, data.resize, data.interpolation, data.mean, data.std, data.crop_mode)


def _both(size: int | tuple[int, int]) -> tuple[int, int]:
    """Rows and columns."""
    return (size, size) if isinstance(size, int) else size


def _text(size: int | tuple[int, int]) -> str:
    return str(size) if isinstance(size, int) else f"{size[0]}x{size[1]}"
