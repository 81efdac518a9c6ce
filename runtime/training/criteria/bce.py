"""Binary cross-entropy of each class (Beyer et al. 2020; DeiT III)."""

from typing import TYPE_CHECKING

from pydantic import Field

from . import Criterion

if TYPE_CHECKING:
    from torch import Tensor


class BinaryCrossEntropy(Criterion):
    """`smoothing`: the share of the target that is spread over all classes."""

    activation = "sigmoid"

    smoothing: float = Field(default=0.0, ge=0, lt=1)

    def loss(self, logits: "Tensor", labels: "Tensor") -> "Tensor":
        from torch.nn import functional as F

        classes = logits.shape[-1]
        targets = F.one_hot(labels, classes).to(logits.dtype)
        targets = targets * (1 - self.smoothing) + self.smoothing / classes
        return F.binary_cross_entropy_with_logits(logits, targets)
