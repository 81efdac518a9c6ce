"""Half a cosine from the learning rate down to `floor` times it (Loshchilov and Hutter 2017)."""

from math import cos, pi

from pydantic import Field

from ...sections.values import Duration, Length, Strict


class Settings(Strict):
    """`warmup`: the rate rises linearly from 0; the cosine takes the rest."""

    warmup: Length = Duration(0, "epochs")
    floor: float = Field(0.0, ge=0, le=1)


def factor(settings: Settings, done: float) -> float:
    """Of the learning rate."""
    return settings.floor + (1 - settings.floor) * 0.5 * (1 + cos(pi * done))
