"""Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ...sections.values import Strict, pair

if TYPE_CHECKING:
    import torch

Share = Annotated[float, Field(ge=0, lt=1)]


class Settings(Strict):
    """`torch.optim.AdamW`."""

    lr: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    betas: Annotated[tuple[Share, Share], pair] = (0.9, 0.999)
    eps: float = Field(1e-8, gt=0)


def build(settings: Settings, groups: list[dict[str, Any]]) -> "torch.optim.Optimizer":
    """`groups` carry their `weight_decay`."""
    import torch

    return torch.optim.AdamW(groups, lr=settings.lr, betas=settings.betas, eps=settings.eps)
