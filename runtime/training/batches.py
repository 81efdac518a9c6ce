"""From stored pictures to what the model sees: order, variation, normalisation."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...compiler.ops.base import Array
from ..data.images import Images
from ..preprocess import Preprocess
from ..sections.values import Picked


class Batches:
    """Pictures of one part as pairs (float32 [batch, C, H, W], labels [batch]) on a device."""

    def __init__(self, images: Images, preprocess: Preprocess, size: int, device: str) -> None:
        self.images, self.size, self.device = images, size, device
        self.mean, self.std = (
            torch.tensor(v, device=device).reshape(-1, 1, 1) for v in (preprocess.mean, preprocess.std)
        )

    def steps(self) -> int:
        """How many batches an epoch has; the last may be smaller, but not of one picture alone."""
        whole, rest = divmod(len(self.images), self.size)
        return whole + (rest > 1 or whole == 0)

    def shuffled(self, seed: int, augment: list[Picked]) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch in the order of the seed, varied."""
        order = np.random.default_rng(seed).permutation(len(self.images))
        for step in range(self.steps()):
            pixels, labels = self._read(order[step * self.size : (step + 1) * self.size])
            for way in augment:
                pixels = way.module.vary(way.settings, pixels)
            yield (pixels - self.mean) / self.std, labels

    def in_order(self) -> Iterator[tuple[Tensor, Tensor]]:
        """All of them once, as they are."""
        for start in range(0, len(self.images), self.size):
            pixels, labels = self._read(np.arange(start, min(start + self.size, len(self.images))))
            yield (pixels - self.mean) / self.std, labels

    def _read(self, indices: Array) -> tuple[Tensor, Tensor]:
        """Pixels in [0, 1]."""
        pixels: Any = torch.from_numpy(self.images.read(indices)).to(self.device)
        labels = torch.from_numpy(self.images.labels[indices]).to(self.device)
        return pixels.movedim(-1, 1).float() / 255, labels
