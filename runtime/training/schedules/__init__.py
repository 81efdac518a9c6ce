"""Learning rates over time."""

from abc import abstractmethod

from ....compiler.plugins import Folder
from ...settings.schema import Plugin
from ...settings.values import Duration, Length


class Schedule(Plugin):
    """`warmup`: the rate rises linearly from 0; the schedule takes the rest."""

    warmup: Length = Duration(0, "epochs")

    @abstractmethod
    def factor(self, done: float) -> float:
        """Gives what the learning rate is multiplied by when a share of the rest, in [0, 1], is done."""


SCHEDULES = Folder(__name__, Schedule)
