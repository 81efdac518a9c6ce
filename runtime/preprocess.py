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
    """Channels, height and width of the model; the shorter side is brought to `resize`, the middle is cut out; then
    (x / 255 - mean) / std. Without `resize` the picture is stretched to height x width."""

    channels: int
    height: int
    width: int
    resize: int | None = None
    interpolation: str = "bilinear"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def as_json(self) -> str:
        """For metadata."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Preprocess":
        """From metadata."""
        data: dict[str, Any] = json.loads(text)
        lists: dict[str, Any] = {name: tuple(data[name]) for name in ("mean", "std")}
        return Preprocess(**{**data, **lists})

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
        method = Image.Resampling[self.interpolation.upper()]
        if self.resize is None:
            image = image.resize((self.width, self.height), method)
        else:
            scale = self.resize / min(image.size)
            image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), method)
            left, top = (image.width - self.width) // 2, (image.height - self.height) // 2
            image = image.crop((left, top, left + self.width, top + self.height))
        return np.asarray(image, np.uint8).reshape(self.height, self.width, self.channels)

    def normalised(self, pixels: Array) -> Array:
        """uint8 [.., H, W, C] as float32 [.., C, H, W]."""
        x = pixels.astype(np.float32) / np.float32(255)
        x = (x - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)
        return np.ascontiguousarray(np.moveaxis(x, -1, -3))


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
