"""Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ...settings.values import pair
from . import Optimizer, groups

if TYPE_CHECKING:
    import torch

Share = Annotated[float, Field(ge=0, lt=1)]


class AdamW(Optimizer):
    """`torch.optim.AdamW`."""

    lr: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.05, ge=0)
    betas: Annotated[tuple[Share, Share], pair] = (0.9, 0.999)
    eps: float = Field(default=1e-8, gt=0)

    def build(self, decayed: "list[torch.Tensor]", others: "list[torch.Tensor]") -> "torch.optim.Optimizer":
        import torch

        weights = groups(decayed, others, self.weight_decay)
        return torch.optim.AdamW(weights, lr=self.lr, betas=self.betas, eps=self.eps)
