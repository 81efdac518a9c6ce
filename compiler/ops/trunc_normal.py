"""Numbers drawn: normal, cut at two standard deviations."""

from ..ir.graph import Attrs
from .base import Array, Example, Param, np
from .drawing import Distribution


class Definition(Distribution):
    """trunc_normal(std): for initialisers alone. `nn.init.trunc_normal_`."""

    name = "trunc_normal"
    params = (Param("std", "float", minimum=0), *Distribution.params)

    def draw(self, attrs: Attrs, shape: tuple[int, ...], rng: "np.random.Generator") -> Array:
        """By drawing again what lies outside."""
        x = rng.standard_normal(shape)
        while (far := np.abs(x) > 2).any():
            x[far] = rng.standard_normal(int(far.sum()))
        return float(attrs["std"]) * x

    def text(self, attrs: Attrs, shape: str) -> str:
        # torch takes the bounds as numbers, not in standard deviations
        std = attrs["std"]
        cut = 2 * std if isinstance(std, float) else f"2 * {std}"
        return f"nn.init.trunc_normal_(torch.empty({shape}), std={std}, a=-{cut}, b={cut})"

    def examples(self) -> tuple[Example, ...]:
        return (Example((), {"std": 0.5, "shape": (2, 3)}),)
