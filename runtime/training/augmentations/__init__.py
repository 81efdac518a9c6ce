"""What varies pictures while training."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from ....compiler.plugins import Folder
from ...settings.schema import Plugin

if TYPE_CHECKING:
    from torch import Tensor


class Augmentation(Plugin):
    """Draws for each picture by itself, from torch's generator, which the trainer seeds."""

    @abstractmethod
    def vary(self, images: "Tensor") -> "Tensor":
        """Varies float32 [batch, C, H, W] in [0, 1]; the shape stays."""


AUGMENTATIONS = Folder(__name__, Augmentation)
