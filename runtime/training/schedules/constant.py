"""The same learning rate all along, after the warm-up."""

from . import Schedule


class Constant(Schedule):
    """Nothing to set besides `warmup`."""

    def factor(self, done: float) -> float:
        return 1.0
