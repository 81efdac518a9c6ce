"""Binary cross-entropy of each class (Beyer et al. 2020; DeiT III)."""

from typing import TYPE_CHECKING

from pydantic import Field

from ...sections.values import Strict

if TYPE_CHECKING:
    from torch import Tensor


class Settings(Strict):
    """`smoothing`: the share of the target that is spread over all classes."""

    smoothing: float = Field(0.0, ge=0, lt=1)


def loss(settings: Settings, logits: "Tensor", labels: "Tensor") -> "Tensor":
    """[batch, classes], int64 [batch] -> []."""
    from torch.nn import functional as F

    classes = logits.shape[-1]
    targets = F.one_hot(labels, classes).to(logits.dtype)
    targets = targets * (1 - settings.smoothing) + settings.smoothing / classes
    return F.binary_cross_entropy_with_logits(logits, targets)
