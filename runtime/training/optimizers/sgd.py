"""Stochastic gradient descent with momentum."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from ...sections.values import Strict

if TYPE_CHECKING:
    import torch


class Settings(Strict):
    """`torch.optim.SGD`."""

    lr: float = Field(0.1, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    nesterov: bool = False


def build(settings: Settings, groups: list[dict[str, Any]]) -> "torch.optim.Optimizer":
    """`groups` carry their `weight_decay`."""
    import torch

    return torch.optim.SGD(
        groups, lr=settings.lr, momentum=settings.momentum, nesterov=settings.nesterov and settings.momentum > 0
    )
