"""Noise by a seed: for tests, and for timing without a disk."""

from pathlib import Path

from pydantic import Field

from ....compiler.ops.base import np
from ...preprocess import Preprocess
from ...sections.values import Strict
from ..images import Images, Parts, in_memory


class Settings(Strict):
    """How many pictures to train on and to hold out, of how many classes."""

    count: int = Field(256, ge=1, le=10_000_000)
    held_out: int = Field(64, ge=1, le=10_000_000)
    classes: int = Field(10, ge=1, le=1_000_000)
    seed: int = Field(0, ge=0)


def read(settings: Settings, base: Path, preprocess: Preprocess) -> Parts:
    """The same pictures for the same seed."""
    rng = np.random.default_rng(settings.seed)
    size = (preprocess.height, preprocess.width, preprocess.channels)

    def images(count: int) -> Images:
        pixels = rng.integers(0, 256, (count, *size), np.uint8)
        return in_memory(pixels, rng.integers(0, settings.classes, count), preprocess)

    return Parts(images(settings.count), test=images(settings.held_out))
