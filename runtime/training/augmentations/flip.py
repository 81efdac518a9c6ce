"""Left and right exchanged."""

from typing import TYPE_CHECKING

from pydantic import Field

from ...sections.values import Strict

if TYPE_CHECKING:
    from torch import Tensor


class Settings(Strict):
    """`p`: how likely."""

    p: float = Field(0.5, ge=0, le=1)


def vary(settings: Settings, images: "Tensor") -> "Tensor":
    """The same shape."""
    import torch

    chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < settings.p
    return torch.where(chosen, images.flip(-1), images)
