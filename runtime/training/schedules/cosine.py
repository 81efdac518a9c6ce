"""Half a cosine from the learning rate down to `floor` times it (Loshchilov and Hutter 2017)."""

from math import cos, pi

from pydantic import Field

from . import Schedule


class Cosine(Schedule):
    """`floor`: the share of the learning rate at the end."""

    floor: float = Field(default=0.0, ge=0, le=1)

    def factor(self, done: float) -> float:
        return self.floor + (1 - self.floor) * 0.5 * (1 + cos(pi * done))
