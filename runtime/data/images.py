"""What a data source gives: pictures with their labels, in parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...compiler.ops.base import Array, np
from ...grammar.diagnostics import Diagnostic, error
from ..preprocess import Preprocess


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """`read` gives pictures by index as uint8 [n, H, W, C]; labels are int64 [n], or float32 [n, k] for a regression."""

    read: Callable[[Array], Array]
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, indices: Array) -> "Images":
        """Some of them."""
        return Images(lambda wanted: self.read(indices[wanted]), self.labels[indices])


@dataclass(frozen=True, slots=True)
class Parts:
    """Learned from, chosen on, reported on; the names of the classes.

    `fingerprint` says what the data is, so that a resumed run can tell other data: for each part a line like
    `1,437 pictures, sha256 …`. `notes` are what the source has to say before training starts.
    """

    train: Images
    validation: Images | None = None
    test: Images | None = None
    classes: tuple[str, ...] = ()
    fingerprint: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[Diagnostic, ...] = ()

    def split(self, fraction: float, seed: int) -> "Parts":
        """With a share of the training pictures as the validation part, drawn by the seed."""
        order = np.random.default_rng(seed).permutation(len(self.train))
        if len(order) < 2:
            raise error("V0904", "one picture can't be split into a training and a validation part", exit_status=3)
        held = min(max(1, round(fraction * len(order))), len(order) - 1)
        return replace(
            self,
            train=self.train.subset(np.sort(order[held:])),
            validation=self.train.subset(np.sort(order[:held])),
        )


def in_memory(pixels: Array, labels: Array, preprocess: Preprocess) -> Images:
    """Pictures uint8 [n, H, W] or [n, H, W, C] that are at hand, resized once where the model takes another size."""
    from PIL import Image

    if pixels.ndim == 3:
        pixels = pixels[..., None]
    wanted = (preprocess.height, preprocess.width, preprocess.channels)
    if pixels.shape[1:] != wanted:
        pictures: list[Any] = [Image.fromarray(p.squeeze(-1) if p.shape[-1] == 1 else p) for p in pixels]
        pixels = np.stack([preprocess.pixels(picture) for picture in pictures])
    return Images(lambda indices: pixels[indices], labels)
