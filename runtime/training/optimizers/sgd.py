"""Stochastic gradient descent with momentum."""

from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from ...settings.checking import refuse
from . import Optimizer, groups

if TYPE_CHECKING:
    import torch


class SGD(Optimizer):
    """`torch.optim.SGD`."""

    lr: float = Field(default=0.1, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    nesterov: bool = False

    @model_validator(mode="after")
    def _momentum(self) -> "SGD":
        if self.nesterov and self.momentum == 0:
            raise refuse("`nesterov` looks ahead along the momentum, which is 0")
        return self

    def build(self, decayed: "list[torch.Tensor]", others: "list[torch.Tensor]") -> "torch.optim.Optimizer":
        import torch

        weights = groups(decayed, others, self.weight_decay)
        return torch.optim.SGD(weights, lr=self.lr, momentum=self.momentum, nesterov=self.nesterov)
