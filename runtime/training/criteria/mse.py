"""Mean squared error: a regression, or the distance from one-hot classes."""

from typing import TYPE_CHECKING

from . import Criterion

if TYPE_CHECKING:
    from torch import Tensor


class MeanSquaredError(Criterion):
    """Nothing to set."""

    activation = "none"
    numbers = True

    def loss(self, logits: "Tensor", labels: "Tensor") -> "Tensor":
        from torch.nn import functional as F

        if logits.shape[-1] > 1 and not labels.is_floating_point():
            targets = F.one_hot(labels, logits.shape[-1]).to(logits.dtype)
        else:
            targets = labels.to(logits.dtype).reshape(logits.shape)
        return F.mse_loss(logits, targets)
