"""Left and right exchanged."""

from typing import TYPE_CHECKING

from pydantic import Field

from . import Augmentation

if TYPE_CHECKING:
    from torch import Tensor


class Flip(Augmentation):
    """`p`: how likely."""

    p: float = Field(default=0.5, ge=0, le=1)

    def vary(self, images: "Tensor") -> "Tensor":
        import torch

        chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < self.p
        return torch.where(chosen, images.flip(-1), images)
