"""Noise by a seed: for tests, and for timing without a disk."""

from pathlib import Path

from pydantic import Field

from ....compiler.ops.base import np
from ...preprocess import Preprocess
from ...sections.values import Strict
from ..classes import EVERY, Wanted, selected
from ..fingerprint import of_arrays
from ..images import Images, Parts, in_memory


class Settings(Strict):
    """How many pictures to train on and to hold out, of how many classes."""

    count: int = Field(256, ge=1, le=10_000_000)
    held_out: int = Field(64, ge=1, le=10_000_000)
    classes: int = Field(10, ge=1, le=1_000_000)
    seed: int = Field(0, ge=0)


def read(settings: Settings, base: Path, preprocess: Preprocess, wanted: Wanted = EVERY) -> Parts:
    """The same pictures for the same seed."""
    rng = np.random.default_rng(settings.seed)
    size = (preprocess.height, preprocess.width, preprocess.channels)

    prints: dict[str, str] = {}

    def images(part: str, count: int) -> Images:
        pixels, labels = rng.integers(0, 256, (count, *size), np.uint8), rng.integers(0, settings.classes, count)
        prints[part] = of_arrays(pixels, labels)
        return in_memory(pixels, labels, preprocess)

    train, test = images("train", settings.count), images("test", settings.held_out)
    return selected(Parts(train, test=test, fingerprint=prints), wanted)
