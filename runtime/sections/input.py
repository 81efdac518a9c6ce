"""How pictures become the input of a model: `input` of its sheets, and the keys of `data` that override it."""

from dataclasses import dataclass
from functools import partial
from math import floor
from typing import Annotated, Any

from pydantic import BeforeValidator

from ...compiler.configuration import Entry
from ...compiler.ir.program import Program
from ...diagnostics import Diagnostic, Label, VitError, error
from ...diagnostics.source import COMMAND_LINE
from ..preprocess import CROP_MODES, INTERPOLATIONS, Preprocess
from ..settings.checking import listed, refuse, refuse_with, shown
from ..settings.values import word
from . import Section

LARGEST_SIDE = 65536
#: The smallest share of a picture's side: pictures are resized to the model's size divided by it.
SMALLEST_CROP = 0.01

#: Statistics by name: mean and std of each channel.
STATISTICS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5,), (0.5,)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}


def _statistic(name: str, value: Any) -> tuple[float, ...]:
    """Of pixels in 0 to 1: a name, a number for all channels or a number for each."""
    if isinstance(value, str) and value in STATISTICS:
        return STATISTICS[value][name == "std"]
    values = listed(value)
    if not values or not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in values):
        raise refuse(f"takes a number, a number for each channel, or {', '.join(STATISTICS)}, not {shown(value)}")
    if name == "std" and any(x <= 0 for x in values):
        raise refuse(f"must be above 0, not {shown(value)}")
    if any(x < 0 for x in values):
        raise refuse(f"must be at least 0, not {shown(value)}")
    if any(x > 1 for x in values):
        bytes_ = all(x == 0 or 1 < x <= 255 for x in values)
        divided = [float(f"{x / 255:.6g}") for x in values]
        shares = shown(divided if isinstance(value, (list, tuple)) else divided[0])
        raise refuse_with(Diagnostic("V0609", f"`{name}` is that of pixels from 0 to 1, not {shown(value)}",
                                     help=f"divide by 255: `{name} = {shares}`" if bytes_ else ""))  # fmt: skip
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


def _share(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and SMALLEST_CROP <= value <= 1:
        return float(value)
    message = (
        f"`crop` takes the share of the picture's side that is kept, from {SMALLEST_CROP} to 1, not {shown(value)}"
    )
    raise refuse_with(Diagnostic("V0603", message, help="what is cut out always has the model's size; "
                                 "`resize` gives the side before that in pixels"))  # fmt: skip


class Input(Section):
    """A key that is None is not stated. `crop`: the share of the resized side that is kept; the picture is resized to the model's size divided by it, rounded
    down. `resize` says that side in pixels instead (or rows x columns): the shorter one where `crop_mode` is `center`, both
    for `squash`, the longer one for `border`."""

    mean: Annotated[tuple[float, ...] | None, BeforeValidator(partial(_statistic, "mean"))] = None
    std: Annotated[tuple[float, ...] | None, BeforeValidator(partial(_statistic, "std"))] = None
    interpolation: Annotated[str | None, word(*INTERPOLATIONS)] = None
    crop: Annotated[float | None, BeforeValidator(_share)] = None
    resize: Annotated[int | tuple[int, int] | None, BeforeValidator(_size)] = None
    crop_mode: Annotated[str | None, word(*CROP_MODES)] = None


@dataclass(frozen=True, slots=True)
class _Stated:
    """The value of a key and its place; `rank` is larger for the nearer text, and for `data`."""

    value: Any
    entry: Entry
    rank: tuple[int, int]


def preprocess(program: Program, data: Input) -> Preprocess:
    """How pictures become the input of this model; `data` is its section `data`, whose keys override those of `input`.

    Raises V0602 to V0609 for what is wrong with `input`, and V0606 where the keys contradict each other or the model.
    """
    shape = program.root.bodies[0].inputs[0].type.shape
    if len(shape) != 3:
        raise error(
            "V0606", f"the model takes {list(shape)}, a picture is [channels, height, width]", program.root.span
        )
    channels, height, width = shape
    stated = _stated(program, data)
    values = {name: found.value for name, found in stated.items()}
    wrong = [d for name in ("mean", "std") if name in stated for d in _channels(program, name, stated[name], channels)]
    if wrong:
        raise VitError(tuple(wrong))
    sized = bool(values.keys() & {"crop", "resize"})
    mode = values.get("crop_mode", "center" if sized else "squash")
    resize = values.get("resize") or _divided(height, width, values.get("crop", 1.0))
    if mode != "border" and any(a < b for a, b in zip(_both(resize), (height, width), strict=True)):
        raise error("V0606", f"resize to {_text(resize)} leaves less than the {height}x{width} of the model",
                    stated["resize"].entry.span, help="`crop` in place of `resize` follows the size of the model")  # fmt: skip
    mean, std = (_each(values.get(name, (default,)), channels) for name, default in (("mean", 0.0), ("std", 1.0)))
    assumed = tuple(name for name in ("mean", "std", "interpolation") if name not in values)
    return Preprocess(channels, height, width, resize, values.get("interpolation", "bilinear"), mean, std, mode,
                      assumed if sized else (*assumed, "crop"))  # fmt: skip


def _stated(program: Program, data: Input) -> dict[str, _Stated]:
    """What `input` and `data` state by key, `data` over `input`; of `crop` and `resize` the one in the nearer text."""
    own = Input.of(program)
    below, above = (
        {name: _Stated(getattr(settings, name), entry, (order, entry.rank))
         for name in Input.model_fields if name in settings.model_fields_set
         for entry in [program.sections[kind].entries[name]]}
        for order, (kind, settings) in enumerate((("input", own), ("data", data)))
    )  # fmt: skip
    found = below | above
    if "crop" in found and "resize" in found:
        far, near = sorted(("crop", "resize"), key=lambda name: found[name].rank)
        if found[far].rank == found[near].rank:
            raise error("V0606", "`crop` and `resize` both say how large the picture is before the middle is cut out",
                        max(found[far].entry.name_span, found[near].entry.name_span, key=lambda span: span.start),
                        help="give one of them")  # fmt: skip
        del found[far]
    for name, entry in ((name, item.entry) for name, item in below.items() if found.get(name) is not item):
        if entry.span.source.name == COMMAND_LINE:
            kept = next(other for other in (name, "crop", "resize") if other in above)
            raise error("V0606", f"`input.{name}` has no effect: the section `data` sets `{kept}`", entry.span,
                        help=f"use `--set data.{name}=...`")  # fmt: skip
    return found


def _channels(program: Program, name: str, found: _Stated, channels: int) -> list[Diagnostic]:
    """V0606 where the number of values is not that of the channels: at the values, or at the model where it inherits them
    from another file."""
    count, span, model = len(found.value), found.entry.span, program.root.span
    if count in (1, channels):
        return []
    takes = f"{channels} channel{'s' * (channels > 1)}"
    at, others = span, ()
    if model is not None:
        inherited = span.source is not model.source and span.source.name != COMMAND_LINE
        at, other = (model, Label(span, f"{count} values")) if inherited else (span, Label(model, takes))
        others = (other,)
    return [Diagnostic("V0606", f"`{name}` has {count} values, and pictures of `{program.name}` have {takes}", at, others=others,
                       help=f"state it for this model, as one number or one for each channel: `input {{ {name} = 0.5 }}`")]  # fmt: skip


def _each(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """A number for each channel."""
    return values * channels if len(values) == 1 else values


def _divided(height: int, width: int, share: float) -> int | tuple[int, int]:
    """The sides before the middle is cut out, rounded as timm rounds them."""
    rows, columns = floor(height / share), floor(width / share)
    return rows if rows == columns else (rows, columns)


def _both(size: int | tuple[int, int]) -> tuple[int, int]:
    """Rows and columns."""
    return (size, size) if isinstance(size, int) else size


def _text(size: int | tuple[int, int]) -> str:
    return str(size) if isinstance(size, int) else f"{size[0]}x{size[1]}"
