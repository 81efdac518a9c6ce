"""Numbers drawn: trunc_normal."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, Param, TorchCall, Types, np
from .kinds import truncated


class Definition(Op):
    """trunc_normal(std): for initialisers alone."""

    name = "trunc_normal"
    inputs = ()
    params = (Param("std", "float", minimum=0), Param("shape", "ints", minimum=1))
    random = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The type of the result."""
        return (TensorType(tuple(attrs["shape"]), "float", "const"),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The numbers."""
        if rng is None:
            raise ValueError("trunc_normal draws numbers: it needs a generator")
        return (truncated(rng, attrs["std"], attrs["shape"]),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Sees nothing."""
        return tuple(np.full((4, *out.shape), NOWHERE, np.int32) for out in outs)

    def torch(self, call: TorchCall) -> str:
        """The expression."""
        shape = ", ".join(map(str, call.attrs["shape"]))
        std = call.attrs["std"]
        return f"nn.init.trunc_normal_(torch.empty({shape}), std={std}, a=-2 * {std}, b=2 * {std})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The nodes."""
        raise ValueError("random numbers stand in initialisers, not in graphs")

    def examples(self) -> tuple[Example, ...]:
        """Types and attributes that show every attribute."""
        return (Example((), {"std": 0.5, "shape": (2, 3)}),)
