"""Numbers drawn: normal."""

from ..ir.graph import Attrs
from .base import Array, Example, Param, np
from .drawing import Distribution


class Definition(Distribution):
    """normal(std): for initialisers alone."""

    name = "normal"
    params = (Param("std", "float", minimum=0), *Distribution.params)

    def draw(self, attrs: Attrs, shape: tuple[int, ...], rng: "np.random.Generator") -> Array:
        return float(attrs["std"]) * rng.standard_normal(shape)

    def text(self, attrs: Attrs, shape: str) -> str:
        return f"{attrs['std']} * torch.randn({shape})"

    def examples(self) -> tuple[Example, ...]:
        return (Example((), {"std": 0.5, "shape": (2, 3)}),)
