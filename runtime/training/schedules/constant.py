"""The same learning rate all along, after the warm-up."""

from ...sections.values import Duration, Length, Strict


class Settings(Strict):
    """`warmup`: the rate rises linearly from 0."""

    warmup: Length = Duration(0, "epochs")


def factor(settings: Settings, done: float) -> float:
    """Of the learning rate."""
    return 1.0
