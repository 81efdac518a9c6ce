"""Mean squared error: a regression, or the distance from one-hot classes."""

from typing import TYPE_CHECKING

from ...sections.values import Strict

if TYPE_CHECKING:
    from torch import Tensor


class Settings(Strict):
    """Nothing to set."""


def loss(settings: Settings, logits: "Tensor", labels: "Tensor") -> "Tensor":
    """[batch, k], float [batch] or [batch, k], or int64 [batch] of k classes -> []."""
    from torch.nn import functional as F

    if logits.shape[-1] > 1 and not labels.is_floating_point():
        targets = F.one_hot(labels, logits.shape[-1]).to(logits.dtype)
    else:
        targets = labels.to(logits.dtype).reshape(logits.shape)
    return F.mse_loss(logits, targets)
