"""What training minimises."""

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from ....compiler.plugins import Folder
from ...settings.schema import Plugin

if TYPE_CHECKING:
    from torch import Tensor


class Criterion(Plugin):
    """`activation` turns the output of the model into what `vitc predict` prints: probabilities that add up to 1 (`softmax`),
    one for each class (`sigmoid`), or plain numbers (`none`). `numbers`: whether labels may be numbers, a regression."""

    activation: ClassVar[Literal["softmax", "sigmoid", "none"]] = "softmax"
    numbers: ClassVar[bool] = False

    @abstractmethod
    def loss(self, logits: "Tensor", labels: "Tensor") -> "Tensor":
        """Computes the mean over the batch: [batch, k], int64 [batch] -> []; with `numbers`, labels may be floats [batch] or
        [batch, k]."""


CRITERIA = Folder(__name__, Criterion)
