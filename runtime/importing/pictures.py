"""The section `data` of transformers' preprocessor_config.json."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .sheet import Sheet, unsayable, valid

Side = Annotated[int, Field(ge=1, le=65536, strict=True)]

#: Codes of Pillow.
RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}


class Processor(BaseModel):
    """How an image processor prepares pictures."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    do_resize: bool = True
    do_center_crop: bool = False
    do_normalize: bool = True
    do_rescale: bool = True
    rescale_factor: float = 1 / 255
    size: Side | dict[str, Side] | None = None
    crop_size: Side | dict[str, Side] | None = None
    resample: int = 3
    image_mean: list[float] | None = None
    image_std: list[Annotated[float, Field(gt=0)]] | None = None


def prepared(made: Sheet, values: dict[str, Any], path: Path) -> None:
    """The section `data`."""
    p = valid(Processor, values, path)
    if not p.do_resize or not p.do_rescale or abs(p.rescale_factor - 1 / 255) > 1e-9 or p.resample not in RESAMPLE:
        raise unsayable(path, "pictures are always resized by one of Pillow's methods and divided by 255 here")
    if p.size is None or (p.do_normalize and (p.image_mean is None or p.image_std is None)):
        raise unsayable(
            path, "it lacks `size`, `image_mean` or `image_std`, which differ from checkpoint to checkpoint"
        )
    short = p.size.get("shortest_edge") if isinstance(p.size, dict) else (p.size if p.do_center_crop else None)
    sides = None if short is not None else _sides(p.size)
    cut = _sides(p.crop_size) if p.do_center_crop and p.crop_size is not None else sides
    if cut is None or (short is None and sides is None):
        raise unsayable(path, "its `size` and `crop_size` do not tell the size of the model's input")
    made.cut = cut
    made.data["resize"] = _text((short, short) if short is not None else sides or cut)
    made.data["crop"] = _text(cut)
    if short is None:
        made.data["crop_mode"] = "squash"
    made.data["interpolation"] = RESAMPLE[p.resample]
    if p.do_normalize and p.image_mean is not None and p.image_std is not None:
        made.prepare(p.image_mean, p.image_std)


def _sides(size: int | dict[str, int]) -> tuple[int, int] | None:
    if isinstance(size, int):
        return size, size
    return (size["height"], size["width"]) if {"height", "width"} <= size.keys() else None


def _text(size: tuple[int, int]) -> str:
    return str(size[0]) if size[0] == size[1] else f"{size[0]}x{size[1]}"
