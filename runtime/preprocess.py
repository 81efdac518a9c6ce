"""From a picture to the numbers a model takes; carried by every artefact, so that predicting needs nothing else."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..compiler.ops.base import Array, np
from .pictures import LARGEST, Remark, eight_bits, odd, opened, silent

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")
CROP_MODES = ("center", "squash", "border")


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Channels, height and width of the model; the picture is brought to `resize` (pixels, or rows and columns), the middle
    is cut out; then (x / 255 - mean) / std. Without `resize` the picture is stretched to height x width.

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

    def as_json(self) -> str:
        """For metadata."""
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
        return made

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


def _offset(size: int, wanted: int) -> int:
    """Where the middle of a side begins: negative where it is cut."""
    return (wanted - size) // 2 if size < wanted else -round((size - wanted) / 2)
