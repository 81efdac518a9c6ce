"""Cross-entropy of the softmax, with label smoothing (Szegedy et al. 2016)."""

from typing import TYPE_CHECKING

from pydantic import Field

from . import Criterion

if TYPE_CHECKING:
    from torch import Tensor


class CrossEntropy(Criterion):
    """`smoothing`: the share of the probability that is spread over all classes."""

    activation = "softmax"

    smoothing: float = Field(default=0.0, ge=0, lt=1)

    def loss(self, logits: "Tensor", labels: "Tensor") -> "Tensor":
        from torch.nn import functional as F

        return F.cross_entropy(logits, labels, label_smoothing=self.smoothing)
