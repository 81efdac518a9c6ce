"""The 1,797 handwritten digits of the UCI repository (8x8, CC BY 4.0), which come with vitc."""

from pathlib import Path
from typing import Annotated

from ....compiler.elaborate.bundled import SPECS
from ....compiler.ops.base import np
from ...preprocess import Preprocess
from ...settings.values import word
from ..classes import Wanted, selected
from ..fingerprint import of_arrays
from ..images import Parts, in_memory
from . import Source

#: Held out.
COUNT = 360


class Digits(Source):
    """`held_out`: every fifth picture, or the last 360: neighbours in the file are likely by the same hand."""

    class_names = tuple("0123456789")

    held_out: Annotated[str, word("every_fifth", "last")] = "every_fifth"

    def read(self, base: Path, preprocess: Preprocess, wanted: Wanted) -> Parts:
        """1,437 pictures to train on, 360 held out."""
        with np.load(SPECS / "quickstart" / "digits.npz", allow_pickle=False) as file:
            pixels, labels = file["images"], file["labels"].astype(np.int64)
        every = np.arange(len(labels))
        held = every % 5 == 0 if self.held_out == "every_fifth" else every >= len(labels) - COUNT
        images = in_memory(pixels, labels, preprocess)
        prints = {"train": of_arrays(pixels[~held], labels[~held]), "test": of_arrays(pixels[held], labels[held])}
        parts = Parts(
            images.subset(every[~held]), test=images.subset(every[held]), classes=self.class_names, fingerprint=prints
        )
        return selected(parts, wanted)
