"""Turned, shifted, scaled and sheared about the middle; black where the picture ends."""

from math import pi
from typing import TYPE_CHECKING

from pydantic import Field

from . import Augmentation

if TYPE_CHECKING:
    from torch import Tensor


class Affine(Augmentation):
    """Each is drawn evenly from [-value, value]: `degrees`, `translate` (share of the size), `scale` (about 1), `shear` (degrees)."""

    degrees: float = Field(default=10.0, ge=0, le=180)
    translate: float = Field(default=0.1, ge=0, le=1)
    scale: float = Field(default=0.1, ge=0, lt=1)
    shear: float = Field(default=0.0, ge=0, le=60)

    def vary(self, images: "Tensor") -> "Tensor":
        import torch
        from torch.nn import functional as F

        draws = torch.rand(5, len(images), device=images.device) * 2 - 1
        angle, across = draws[0] * self.degrees * pi / 180, draws[1] * self.shear * pi / 180
        size = 1 + draws[2] * self.scale
        height, width = images.shape[-2:]
        # Columns of the map from the picture that comes out to the one that goes in, in pixels and then in torch's [-1, 1].
        a, b = torch.cos(angle) / size, (torch.cos(angle) * torch.tan(across) - torch.sin(angle)) / size
        c, d = torch.sin(angle) / size, (torch.sin(angle) * torch.tan(across) + torch.cos(angle)) / size
        # torch's translation counts half sizes.
        x, y = 2 * self.translate * draws[3], 2 * self.translate * draws[4]
        theta = torch.stack([a, b * height / width, x, c * width / height, d, y], dim=-1).reshape(-1, 2, 3)
        grid = F.affine_grid(theta, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
