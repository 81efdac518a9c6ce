"""Numbers drawn: uniform."""

from ..ir.graph import Attrs
from .base import Array, Example, Param, np
from .drawing import Distribution


class Definition(Distribution):
    """uniform(low, high): for initialisers alone."""

    name = "uniform"
    params = (Param("low", "float"), Param("high", "float"), *Distribution.params)

    def draw(self, attrs: Attrs, shape: tuple[int, ...], rng: "np.random.Generator") -> Array:
        return rng.uniform(float(attrs["low"]), float(attrs["high"]), shape)

    def text(self, attrs: Attrs, shape: str) -> str:
        return f"torch.empty({shape}).uniform_({attrs['low']}, {attrs['high']})"

    def examples(self) -> tuple[Example, ...]:
        return (Example((), {"low": 0.5, "high": 1.5, "shape": (2, 3)}),)
