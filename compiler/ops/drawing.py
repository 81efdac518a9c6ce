"""What the distributions have in common: numbers drawn for an initialiser, never in a model that runs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.program import Draw
from ..ir.types import TensorType
from . import get
from .base import Array, Arrays, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Source


class Distribution(Source, ABC):
    """`shape` numbers of a distribution, whose own parameters stand before it."""

    params = (Param("shape", "ints", minimum=1),)
    random = True

    @abstractmethod
    def draw(self, attrs: Attrs, shape: tuple[int, ...], rng: "np.random.Generator") -> Array:
        """float64 of this shape."""

    @abstractmethod
    def text(self, attrs: Attrs, shape: str) -> str:
        """An expression of torch for a tensor of this shape."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        return (TensorType(tuple(attrs["shape"]), "float", "const"),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        if rng is None:
            raise ValueError(f"{self.name} draws numbers: it needs a generator")
        return (self.draw(attrs, tuple(attrs["shape"]), rng),)

    def torch(self, call: TorchCall) -> str:
        return self.text(call.attrs, ", ".join(map(str, call.attrs["shape"])) or "()")

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        raise ValueError("random numbers stand in initialisers, not in graphs")


def drawing(draw: Draw) -> tuple[Distribution, dict[str, float]]:
    """The op of an initialiser's distribution, and its attributes without the shape."""
    op = get(draw.kind)
    assert isinstance(op, Distribution)
    return op, dict(zip((param.name for param in op.params[:-1]), draw.args, strict=True))
