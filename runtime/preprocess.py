"""From a picture to the numbers a model takes; carried by every artefact, so that predicting needs nothing else."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..compiler.ops.base import Array, np
from ..diagnostics import Diagnostic
from .pictures import LARGEST, Remark, eight_bits, odd, opened, silent

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")
CROP_MODES = ("center", "squash", "border")
#: What a model can leave open: `crop` stands for all that makes the size.
STATED = ("mean", "std", "interpolation", "crop")


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Channels, height and width of the model; the picture is brought to `resize` (pixels, or rows and columns), the middle
    is cut out; then (x / 255 - mean) / std. Without `resize` the picture is stretched to height x width. `assumed`: the keys
    of `input` that nobody stated.

    `crop_mode`, in timm's words: `center` brings the shorter side to `resize`, `squash` both, `border` the longer one, and
    fills up with the mean color. Sizes are rounded as torchvision and timm round them.

    Before all that a picture is turned as its EXIF data says. Of several frames the first counts, of more than 8 bits the
    upper 8 (`pictures` says of which depth), transparency is dropped as torchvision's and timm's loaders drop it, and a
    color profile has no effect.
    """

    channels: int
    height: int
    width: int
    resize: int | tuple[int, int] | None = None
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    crop_mode: str = "center"
    assumed: tuple[str, ...] = ()

    def as_json(self) -> str:
        """Its fields as JSON, for the metadata of an artefact."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Preprocess":
        """From metadata, which may be anybody's; raises ValueError."""
        from pydantic import TypeAdapter

        made = TypeAdapter(Preprocess).validate_json(text)
        resize = made.resize if isinstance(made.resize, tuple) else (made.resize or 1,)
        sizes = (made.channels, made.height, made.width, *resize)
        lengths = {len(made.mean), len(made.std)}
        if min(sizes) < 1 or made.height * made.width > LARGEST or not lengths <= {1, made.channels}:
            raise ValueError("sizes that no picture has")
        if made.interpolation not in INTERPOLATIONS or made.crop_mode not in CROP_MODES:
            raise ValueError("words that mean nothing here")
        if not set(made.assumed) <= set(STATED) or len(made.assumed) > len(STATED):
            raise ValueError("keys that `input` does not have")
        return made

    def note(self) -> Diagnostic | None:
        """The warning V0610 where something was assumed that nobody stated."""
        if not self.assumed:
            return None
        size = f"{self.height}x{self.width}"
        shown = {
            "mean": "mean 0",
            "std": "std 1",
            "interpolation": f"{self.interpolation} interpolation",
            "crop": f"stretching to {size}" if self.crop_mode == "squash" else f"crop 1.0 to {size}",
        }
        example = {"mean": "imagenet", "std": "imagenet", "interpolation": "bicubic", "crop": "0.9"}
        what = "how pictures are prepared" if len(self.assumed) == len(STATED) else _joined(self.assumed)
        entries = ", ".join(f"{name} = {example[name]}" for name in self.assumed)
        return Diagnostic("V0610", f"the model does not state {what}; assumed: {_joined(shown[n] for n in self.assumed)}",
                          help=f"state it in the model's sheet, as in `input {{ {entries} }}`", severity="warning")  # fmt: skip

    def described(self) -> str:
        """All of it in a line."""
        sides = f"{self.resize}" if isinstance(self.resize, int) else "x".join(map(str, self.resize or ()))
        resized = {
            "center": f"shorter side to {sides}" if isinstance(self.resize, int) else f"resized to cover {sides}",
            "squash": f"stretched to {sides}{f'x{sides}' * isinstance(self.resize, int)}",
            "border": f"longer side to {sides}" if isinstance(self.resize, int) else f"resized to fit into {sides}",
        }[self.crop_mode]
        size = f"{self.height}x{self.width}"
        cut = "" if resized == f"stretched to {size}" else f", {size} cut out"
        text = f"{resized}, {self.interpolation}{cut}; mean {_list(self.mean)}, std {_list(self.std)}"
        return f"{text} (assumed: {_joined(self.assumed)})" if self.assumed else text

    def picture(self, path: Path) -> Array:
        """A file as float32 [channels, height, width]; raises V0901."""
        return self.normalised(self.decoded(path))

    def decoded(self, path: Path, remark: Remark = silent) -> Array:
        """A file as uint8 [height, width, channels]; raises V0901. `remark` hears what is odd about it."""
        with opened(path) as image:
            pixels = self.pixels(image, remark)
        for text, which in odd(pixels[None]).items():
            if which[0]:
                remark(text)
        return pixels

    def looked_at(self, path: Path) -> None:
        """Reads the header of a file; raises V0901 where it is no picture, or one that is too large."""
        with opened(path):
            pass

    def pixels(self, image: Any, remark: Remark = silent) -> Array:
        """A Pillow image as uint8 [height, width, channels], turned, resized and cut; ValueError for a strip that would
        become enormous."""
        from PIL import Image, ImageOps

        ImageOps.exif_transpose(image, in_place=True)
        image = eight_bits(image, remark).convert("L" if self.channels == 1 else "RGB")
        width, height = self._size(image.width, image.height)
        if width * height > LARGEST:
            raise ValueError(f"{image.width}x{image.height} would become {width}x{height}")
        image = image.resize((width, height), Image.Resampling[self.interpolation.upper()])
        canvas = Image.new(image.mode, (self.width, self.height), self._fill())
        canvas.paste(image, (_offset(image.width, self.width), _offset(image.height, self.height)))
        return np.asarray(canvas, np.uint8).reshape(self.height, self.width, self.channels)

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height before the middle is cut out."""
        if self.resize is None:
            return self.width, self.height
        rows, columns = (self.resize, self.resize) if isinstance(self.resize, int) else self.resize
        if self.crop_mode == "squash":
            return columns, rows
        if self.crop_mode == "center" and rows == columns:  # torchvision's rule
            short = min(width, height)
            return max(1, width * rows // short), max(1, height * rows // short)
        ratio = (max if self.crop_mode == "border" else min)(height / rows, width / columns)
        return max(1, round(width / ratio)), max(1, round(height / ratio))

    def _fill(self) -> int | tuple[int, ...]:
        """The color beside a picture that is smaller than the model's input."""
        values = tuple(round(255 * m) for m in self.mean) if self.crop_mode == "border" else (0,)
        values = values * self.channels if len(values) == 1 else values
        return values[0] if self.channels == 1 else values

    def normalised(self, pixels: Array) -> Array:
        """uint8 [.., H, W, C] as float32 [.., C, H, W]."""
        x = pixels.astype(np.float32) / np.float32(255)
        x = (x - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)
        return np.ascontiguousarray(np.moveaxis(x, -1, -3))


def _joined(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _list(values: tuple[float, ...]) -> str:
    """Of each channel; once where all are the same."""
    return ", ".join(f"{value:g}" for value in (values[:1] if len(set(values)) == 1 else values))


def _offset(size: int, wanted: int) -> int:
    """Where the middle of a side begins: negative where it is cut."""
    return (wanted - size) // 2 if size < wanted else -round((size - wanted) / 2)
