"""From a picture to the numbers a model takes; carried by every artefact, so that predicting needs nothing else."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..compiler.ops.base import Array, np
from ..grammar.diagnostics import VitError, error

#: A picture of more pixels, as it is stored or on its way to the model's size, is refused before it is made.
LARGEST = 64_000_000
#: What Pillow may decode; its other readers are old, rare or start programs.
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")
CROP_MODES = ("center", "squash", "border")


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Channels, height and width of the model; the picture is brought to `resize` (pixels, or rows and columns), the middle
    is cut out; then (x / 255 - mean) / std. Without `resize` the picture is stretched to height x width.

    `crop_mode`, in timm's words: `center` brings the shorter side to `resize`, `squash` both, `border` the longer one, and
    fills up with the mean color. Sizes are rounded as torchvision and timm round them.

    Before all that a picture is turned as its EXIF data says; of several frames the first counts, of 16 bits the upper 8,
    transparency is dropped.
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

    def decoded(self, path: Path) -> Array:
        """A file as uint8 [height, width, channels]; raises V0901."""
        with _opened(path) as image:
            return self.pixels(image)

    def looked_at(self, path: Path) -> None:
        """Reads the header of a file; raises V0901 where it is no picture, or one that is too large."""
        with _opened(path):
            pass

    def pixels(self, image: Any) -> Array:
        """A Pillow image as uint8 [height, width, channels], turned, resized and cut; ValueError for a strip that would
        become enormous."""
        from PIL import Image, ImageOps

        ImageOps.exif_transpose(image, in_place=True)
        image = _eight_bits(image).convert("L" if self.channels == 1 else "RGB")
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


def _eight_bits(image: Any) -> Any:
    """Pillow cuts 16 bits off at 255: the upper eight are what is meant."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    """A Pillow image; what goes wrong inside is V0901."""
    from PIL import Image

    try:
        if not path.is_file():
            raise error("V0901", f"there is no picture `{path}`", exit_status=3)
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > LARGEST:
                raise error("V0901", f"`{path}` has more than {LARGEST:,} pixels", exit_status=3)
            if image.mode == "F":
                raise ValueError("its pixels are no integers")
            yield image
    except VitError:
        raise
    except Exception as problem:  # decoders raise whatever comes at a file that is not what it says
        raise error("V0901", f"`{path}` can't be read as a picture: {str(problem)[:200]}", exit_status=3) from None
