"""From stored pictures to what the model sees: order, variation, normalisation."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ...compiler.ops.base import Array
from ...diagnostics import Diagnostic
from ..data.images import Images, told
from ..preprocess import Preprocess
from .augmentations import Augmentation
from .fitting import steps

#: Batches that are read while one is learned from.
AHEAD = 3


class Batches:
    """Pictures of one part as pairs (float32 [batch, C, H, W], labels [batch]) on a device."""

    def __init__(self, images: Images, preprocess: Preprocess, size: int, device: str) -> None:
        self.images, self.size, self.device = images, size, device
        self._told, self._odd = len(images.problems.bad), False  # what the reader of the data has told
        self.mean, self.std = (
            torch.tensor(v, device=device).reshape(-1, 1, 1) for v in (preprocess.mean, preprocess.std)
        )

    def steps(self) -> int:
        """How many batches an epoch has."""
        return steps(len(self.images), self.size)

    def shuffled(self, seed: int, augment: list[Augmentation]) -> Generator[tuple[Tensor, Tensor], None, None]:
        """One epoch in the order of the seed, varied."""
        order = np.random.default_rng(seed).permutation(len(self.images))
        for pixels, labels in self._ahead(order[step * self.size :][: self.size] for step in range(self.steps())):
            if len(labels) < min(2, self.size, len(self.images)):  # the others could not be read
                continue
            varied = pixels
            for way in augment:
                varied = way.vary(varied)
            yield (varied - self.mean) / self.std, labels

    def in_order(self) -> Generator[tuple[Tensor, Tensor], None, None]:
        """All of them once, as they are."""
        every = np.arange(len(self.images))
        for pixels, labels in self._ahead(every[start:][: self.size] for start in range(0, len(every), self.size)):
            if len(labels):
                yield (pixels - self.mean) / self.std, labels

    def news(self) -> list[Diagnostic]:
        """Warnings on the pictures that were read since it was asked last: those skipped, and, once, what is odd."""
        found = self.images.problems.told(self._told) + ([] if self._odd else told(self.images))
        self._told, self._odd = len(self.images.problems.bad), True
        return found

    def _ahead(self, batches: Iterable[Array]) -> Generator[tuple[Tensor, Tensor], None, None]:
        """In the order given, read by a thread ahead of time; nothing is drawn there, so that threads change no number."""
        waiting = deque[Future[tuple[Array, Array]]]()
        with ThreadPoolExecutor(1, "read") as reader:
            for indices in batches:
                waiting.append(reader.submit(self._read, indices))
                if len(waiting) > AHEAD:
                    yield self._placed(*waiting.popleft().result())
            while waiting:
                yield self._placed(*waiting.popleft().result())

    def _read(self, indices: Array) -> tuple[Array, Array]:
        return self.images.readable(indices)

    def _placed(self, pixels: Array, labels: Array) -> tuple[Tensor, Tensor]:
        """Pixels in [0, 1], channels first, on the device."""
        images = torch.as_tensor(pixels, device=self.device).movedim(-1, 1).float() / 255
        return images, torch.as_tensor(labels, device=self.device)
