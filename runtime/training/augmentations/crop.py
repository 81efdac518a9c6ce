"""A window of the same size out of the picture with a black border: a shift by whole pixels."""

from typing import TYPE_CHECKING

from pydantic import Field

from . import Augmentation

if TYPE_CHECKING:
    from torch import Tensor


class Crop(Augmentation):
    """`padding`: the width of the border in pixels."""

    padding: int = Field(default=4, ge=1, le=4096)

    def vary(self, images: "Tensor") -> "Tensor":
        import torch
        from torch.nn import functional as F

        batch, _, height, width = images.shape
        padded = F.pad(images, [self.padding] * 4)
        top, left = torch.randint(0, 2 * self.padding + 1, (2, batch, 1), device=images.device)
        rows = (top + torch.arange(height, device=images.device))[:, None, :, None]
        columns = (left + torch.arange(width, device=images.device))[:, None, None, :]
        every = torch.arange(batch, device=images.device)[:, None, None, None]
        channels = torch.arange(images.shape[1], device=images.device)[None, :, None, None]
        return padded[every, channels, rows, columns]
