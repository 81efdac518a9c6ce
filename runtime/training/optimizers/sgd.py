"""Stochastic gradient descent with momentum."""

from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from ...sections.checking import refuse
from ...sections.values import Strict

if TYPE_CHECKING:
    import torch


class Settings(Strict):
    """`torch.optim.SGD`."""

    lr: float = Field(0.1, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    nesterov: bool = False

    @model_validator(mode="after")
    def _momentum(self) -> "Settings":
        if self.nesterov and self.momentum == 0:
            raise refuse("`nesterov` looks ahead along the momentum, which is 0")
        return self


def build(settings: Settings, groups: list[dict[str, Any]]) -> "torch.optim.Optimizer":
    """`groups` carry their `weight_decay`."""
    import torch

    return torch.optim.SGD(groups, lr=settings.lr, momentum=settings.momentum, nesterov=settings.nesterov)
