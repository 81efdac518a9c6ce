"""Noise by a seed: for tests, and for timing without a disk."""

from pathlib import Path

from pydantic import Field

from ....compiler.ops.base import np
from ...preprocess import Preprocess
from ..classes import Wanted, selected
from ..fingerprint import of_arrays
from ..images import Images, Parts, in_memory
from . import Source


class Fake(Source):
    """How many pictures to train on and to hold out, of how many classes."""

    count: int = Field(default=256, ge=1, le=10_000_000)
    held_out: int = Field(default=64, ge=1, le=10_000_000)
    classes: int = Field(default=10, ge=1, le=1_000_000)
    seed: int = Field(default=0, ge=0)

    def read(self, base: Path, preprocess: Preprocess, wanted: Wanted) -> Parts:
        """The same pictures for the same seed."""
        rng = np.random.default_rng(self.seed)
        size = (preprocess.height, preprocess.width, preprocess.channels)

        prints: dict[str, str] = {}

        def images(part: str, count: int) -> Images:
            pixels, labels = rng.integers(0, 256, (count, *size), np.uint8), rng.integers(0, self.classes, count)
            prints[part] = of_arrays(pixels, labels)
            return in_memory(pixels, labels, preprocess)

        train, test = images("train", self.count), images("test", self.held_out)
        return selected(Parts(train, test=test, fingerprint=prints), wanted)
