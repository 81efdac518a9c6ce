"""The entry `input` of transformers' preprocessor_config.json, or of what processor_config.json holds of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ...grammar.values import side
from ..sections.input import STATISTICS
from .reading import read
from .sheet import Sheet, refused, share, statistics, unsayable, valid

Side = Annotated[int, Field(ge=1, le=65536, strict=True)]
Sides = dict[str, Side | None]
Numbers = Annotated[list[float], Field(min_length=1, max_length=64)]

#: Codes of Pillow.
RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}

_SQUARE: Sides = {"height": 224, "width": 224}
_COMMON: dict[str, Any] = {"resample": 3, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": _SQUARE,
                           "do_center_crop": False, "default_to_square": True}  # fmt: skip
_CLIP: dict[str, Any] = {**_COMMON, "image_mean": list(STATISTICS["clip"][0]), "image_std": list(STATISTICS["clip"][1]),
                         "size": {"shortest_edge": 224}, "crop_size": _SQUARE, "do_center_crop": True,
                         "default_to_square": False}  # fmt: skip
#: What the classes of transformers take where a file says nothing; `default_to_square`: how they read a `size` that is a number.
CLASSES: dict[str, dict[str, Any]] = {
    "ViTImageProcessor": {**_COMMON, "resample": 2},
    "DeiTImageProcessor": {**_COMMON, "size": {"height": 256, "width": 256}, "crop_size": _SQUARE, "do_center_crop": True},
    "BeitImageProcessor": {**_COMMON, "crop_size": _SQUARE},
    "BitImageProcessor": _CLIP,
    "CLIPImageProcessor": _CLIP,
    "SiglipImageProcessor": {**_COMMON, "default_to_square": False},
    "DINOv3ViTImageProcessor": {**_COMMON, "resample": 2, "image_mean": list(STATISTICS["imagenet"][0]),
                                "image_std": list(STATISTICS["imagenet"][1])},
    "ConvNextImageProcessor": {**_COMMON, "size": {"shortest_edge": 384}, "default_to_square": False,
                               "crop_pct": 224 / 256},
}  # fmt: skip
#: The class that transformers takes by the model type, where a file does not name one.
KINDS = {"vit": "ViTImageProcessor", "vit_mae": "ViTImageProcessor", "ijepa": "ViTImageProcessor", "deit": "DeiTImageProcessor",
         "beit": "BeitImageProcessor", "dinov2": "BitImageProcessor", "dinov3_vit": "DINOv3ViTImageProcessor",
         "clip": "CLIPImageProcessor", "siglip": "SiglipImageProcessor"}  # fmt: skip


class Processor(BaseModel):
    """How an image processor prepares pictures."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    do_resize: bool = True
    do_center_crop: bool
    do_normalize: bool = True
    do_rescale: bool = True
    do_pad: bool | None = None
    rescale_factor: Annotated[float, Field(gt=0, le=1)] = 1 / 255
    size: Side | tuple[Side, Side] | Sides
    crop_size: Side | tuple[Side, Side] | Sides = Field(default_factory=dict[str, Side | None])
    default_to_square: bool
    resample: int
    crop_pct: Annotated[float, Field(gt=0, le=1)] | None = None
    image_mean: float | Numbers
    image_std: float | Numbers


def found(folder: Path) -> tuple[dict[str, Any], Path, str] | None:
    """How pictures are prepared by the files of a folder: the values, the file, and the key above them. As in transformers
    what stands in a processor_config.json under `image_processor` comes first."""
    nested, plain = folder / "processor_config.json", folder / "preprocessor_config.json"
    values: Any = read(nested).get("image_processor") if nested.is_file() else None
    if values is not None:
        if not isinstance(values, dict):
            raise refused(nested, "image_processor", values, "it is a mapping")
        return values, nested, "image_processor."  # type: ignore[reportUnknownVariableType] -- of any kind
    return (read(plain), plain, "") if plain.is_file() else None


def prepared(made: Sheet, values: Mapping[str, Any], kind: str, path: Path, above: str = "") -> None:
    """Sets `input` and `cut`; `kind` is the model type. Raises V0713 for what `input` can't say."""
    name = _class(values, kind, path)
    given = {key: value for key, value in values.items() if value is not None}
    if lacking := [key for key in ("resample", "size", "image_mean", "image_std") if key not in given]:
        made.notes.append(f"{path.name} lacks {', '.join(lacking)}: that of {name}")
    p = valid(Processor, {**CLASSES[name], **given}, path, above)
    _refuse(p, path)
    resize, made.cut, mode = _sized(p, name, path)
    made.input = {
        **_statistics(made, p, path),
        "interpolation": RESAMPLE[p.resample],
        **_cropped(resize, made.cut, path),
    }
    if mode != "center":
        made.input["crop_mode"] = mode


def _refuse(p: Processor, path: Path) -> None:
    """Raises V0713 for steps that `input` does not have."""
    if not p.do_resize:
        raise unsayable(path, "do_resize is false; here pictures are always resized to the size of the model")
    if p.do_pad:
        raise unsayable(path, "do_pad is true; here pictures are never padded")
    if p.resample not in RESAMPLE:
        there = ", ".join(f"{code} ({name})" for code, name in RESAMPLE.items())
        raise unsayable(path, f"resample is {p.resample}; there are {there}")


def _cropped(resize: tuple[int, int], cut: tuple[int, int], path: Path) -> dict[str, str]:
    """`crop` where one share says what is cut out of both sides, else the sides before the cut."""
    if any(inner > outer for inner, outer in zip(cut, resize, strict=True)):
        raise unsayable(path, f"crop_size is larger than size: {side(cut)} of {side(resize)}")
    rows, columns = (share(inner, outer) for inner, outer in zip(cut, resize, strict=True))
    return {"crop": rows} if rows is not None and rows == columns else {"resize": side(resize)}


def _class(values: Mapping[str, Any], kind: str, path: Path) -> str:
    """The class of transformers that reads the file: the one it names, else that of the model type."""
    named = values.get("image_processor_type") or str(values.get("feature_extractor_type", "")).replace(
        "FeatureExtractor", "ImageProcessor"
    )
    name = str(named).removesuffix("Fast").removesuffix("Pil") or KINDS.get(kind, "")
    if not name:
        raise unsayable(path, f"it has no image_processor_type, and transformers has no usual one for {kind}")
    if name not in CLASSES:
        raise unsayable(
            path, f"no rule for image_processor_type {name[:60]!r}; there are rules for {', '.join(CLASSES)}"
        )
    return name


def _sized(p: Processor, name: str, path: Path) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Rows and columns that pictures are resized to, those that are cut out, and the crop mode."""
    size = _named(p.size, p.default_to_square)
    short, height, width = (size.get(key) for key in ("shortest_edge", "height", "width"))
    other = sorted(key for key, value in size.items() if value and key not in ("shortest_edge", "height", "width"))
    if other or not (short or (height and width)):
        raise unsayable(path, f"size has {', '.join(other or size)}; it takes shortest_edge, or height and width")
    if name == "ConvNextImageProcessor" and short:
        # Below 384 the shorter side becomes size / crop_pct and the middle is cut out, else pictures are stretched.
        before, mode = (short, "squash") if short >= 384 else (int(short / (p.crop_pct or 1)), "center")
        return (before, before), (short, short), mode
    resize = (short, short) if short else (height or 0, width or 0)
    if not p.do_center_crop:
        if short:
            raise unsayable(path, "size is a shortest_edge and do_center_crop is false: pictures would have any shape")
        return resize, resize, "squash"
    cut = _named(p.crop_size, True)
    if not (cut.get("height") and cut.get("width")):
        raise unsayable(path, f"crop_size has {', '.join(cut) or 'nothing'}; it takes height and width")
    return resize, (cut["height"] or 0, cut["width"] or 0), "center" if short else "squash"


def _named(size: int | tuple[int, int] | Sides, square: bool) -> Sides:
    """A size with its keys, as transformers reads one that has none."""
    match size:
        case int():
            return {"height": size, "width": size} if square else {"shortest_edge": size}
        case (int(), int()):
            return {"height": size[0], "width": size[1]}
        case _:
            return size


def _statistics(made: Sheet, p: Processor, path: Path) -> dict[str, str]:
    """Of pixels in 0 to 1. A processor that multiplies by another factor than 1 / 255, or by none, normalises pixels in 0 to
    `scale`: (scale x - mean) / std is (x - mean / scale) / (std / scale)."""
    channels = int(made.entries["image"].rpartition("x")[2])
    scale = 255 * p.rescale_factor if p.do_rescale else 255.0
    scale = 1.0 if abs(scale - 1) < 1e-9 else scale
    mean, std = ([*v] if isinstance(v, list) else [v] for v in (p.image_mean, p.image_std))
    if not p.do_normalize:
        mean, std = [0.0], [1.0]
    mean, std = ([value / scale for value in values] for values in (mean, std))
    for name, values in (("image_mean", mean), ("image_std", std)):
        if len(set(values)) > 1 and len(values) != channels:
            raise unsayable(path, f"{name} has {len(values)} values for {channels} channels")
    if not all(0 <= value <= 1 for value in mean) or not all(0 < value <= 1 for value in std):
        raise unsayable(
            path, "image_mean and image_std are not those of pixels from 0 to 1 (or of 0 to 255 without do_rescale)"
        )
    return statistics(mean, std)
