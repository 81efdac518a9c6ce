"""From a picture to the numbers a model takes; carried by every artefact, so that predicting needs nothing else."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..compiler.ops.base import Array, np
from ..grammar.diagnostics import error

#: A picture of more pixels is refused before it is decoded.
LARGEST = 100_000_000


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Channels, height and width of the model; the picture is brought to `resize` (pixels, or rows and columns), the middle
    is cut out; then (x / 255 - mean) / std. Without `resize` the picture is stretched to height x width.

    `crop_mode`, in timm's words: `center` brings the shorter side to `resize`, `squash` both, `border` the longer one, and
    fills up with the mean color. Sizes are rounded as torchvision and timm round them.
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
        """From metadata."""
        data: dict[str, Any] = json.loads(text)
        return Preprocess(**{name: tuple(v) if isinstance(v, list) else v for name, v in data.items()})  # type: ignore[reportUnknownArgumentType] -- of any kind

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
        """A Pillow image as uint8 [height, width, channels], resized and cut."""
        from PIL import Image

        image = image.convert("L" if self.channels == 1 else "RGB")
        image = image.resize(self._size(image.width, image.height), Image.Resampling[self.interpolation.upper()])
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


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    """A Pillow image; what goes wrong inside is V0901."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.width * image.height > LARGEST:
                raise error("V0901", f"`{path}` has more than {LARGEST:,} pixels", exit_status=3)
            yield image
    except FileNotFoundError:
        raise error("V0901", f"there is no picture `{path}`", exit_status=3) from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
        raise error("V0901", f"`{path}` can't be read as a picture: {problem}", exit_status=3) from None
