"""Optimizers."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ....compiler.plugins import Folder
from ...settings.schema import Plugin

if TYPE_CHECKING:
    import torch


class Optimizer(Plugin):
    """`lr` is the rate that the schedule multiplies."""

    lr: float

    @abstractmethod
    def build(self, decayed: "list[torch.Tensor]", others: "list[torch.Tensor]") -> "torch.optim.Optimizer":
        """Makes torch's optimizer of weights that decay and of others that never do."""


OPTIMIZERS = Folder(__name__, Optimizer)


def groups(decayed: "list[torch.Tensor]", others: "list[torch.Tensor]", decay: float) -> list[dict[str, Any]]:
    """Gives the parameter groups, as torch's optimizers take them, of weights with and without decay."""
    both = {"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}
    return [group for group in both if group["params"]]
