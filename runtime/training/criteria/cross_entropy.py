"""Cross-entropy of the softmax, with label smoothing (Szegedy et al. 2016)."""

from typing import TYPE_CHECKING

from pydantic import Field

from ...sections.values import Strict

if TYPE_CHECKING:
    from torch import Tensor


class Settings(Strict):
    """`smoothing`: the share of the probability that is spread over all classes."""

    smoothing: float = Field(0.0, ge=0, lt=1)


def loss(settings: Settings, logits: "Tensor", labels: "Tensor") -> "Tensor":
    """[batch, classes], int64 [batch] -> []."""
    from torch.nn import functional as F

    return F.cross_entropy(logits, labels, label_smoothing=settings.smoothing)
