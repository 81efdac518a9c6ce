"""The section `data`: where images come from and how they become numbers."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from ...compiler.ir.program import Program
from ...grammar.diagnostics import error
from ..preprocess import Preprocess
from .values import Strict, one_of

#: Statistics by name: mean and std of each channel.
STATISTICS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}


def _statistic(which: int, value: Any) -> tuple[float, ...]:
    if isinstance(value, str):
        if value not in STATISTICS:
            raise PydanticCustomError("statistic", f"takes numbers or one of {', '.join(STATISTICS)}")
        return STATISTICS[value][which]
    values = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in values):  # type: ignore[reportUnknownVariableType]
        raise PydanticCustomError("statistic", f"takes numbers or one of {', '.join(STATISTICS)}")
    if which == 1 and any(x <= 0 for x in values):  # type: ignore[reportUnknownVariableType]
        raise PydanticCustomError("statistic", "a standard deviation is above 0")
    return tuple(float(x) for x in values)  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]


class Data(Strict):
    """Sizes in pixels. `resize`: the shorter side before the middle is cut out; without it pictures are stretched.
    `validation`: the share of the training pictures that is held back, where the source has no such part."""

    source: (
        one_of("vitc.runtime.data.sources", later=("hf", "webdataset", "cifar10", "cifar100", "imagenet", "mnist"))
        | None
    ) = None  # type: ignore[valid-type]
    resize: int | None = Field(None, ge=1, le=65536)
    crop: int | None = Field(None, ge=1, le=65536)
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    mean: Annotated[tuple[float, ...], BeforeValidator(lambda v: _statistic(0, v))] = (0.0,)
    std: Annotated[tuple[float, ...], BeforeValidator(lambda v: _statistic(1, v))] = (1.0,)
    classes: list[str] | None = None
    validation: float | None = Field(None, gt=0, lt=1)
    split_seed: int = Field(0, ge=0)


def preprocess(program: Program, data: Data) -> Preprocess:
    """How pictures become the input of this model."""
    channels, height, width = program.root.bodies[0].inputs[0].type.shape
    entries = program.sections["data"].entries if "data" in program.sections else {}
    for name in ("mean", "std"):
        if len(getattr(data, name)) not in (1, channels):
            raise error("V0606", f"{len(getattr(data, name))} values for {channels} channels", entries[name].span)
    if data.crop is not None and (data.crop, data.crop) != (height, width):
        raise error("V0606", f"crop is {data.crop}, the model takes {height}x{width}", entries["crop"].span)
    if data.resize is not None and data.resize < max(height, width):
        raise error("V0606", f"resize to {data.resize} leaves less than the {height}x{width} of the model",
                    entries["resize"].span)  # fmt: skip
    return Preprocess(channels, height, width, data.resize, data.interpolation, data.mean, data.std)
