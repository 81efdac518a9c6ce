"""One number everywhere."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import COMPUTED, TensorType
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, Param, TorchCall, Types, np
from .kinds import Source


class Definition(Source):
    """`torch.full`; a constant."""

    name = "full"
    params = (Param("shape", "ints", minimum=1), Param("value", "scalar"), Param("dtype", "dtype", structural=True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        return (TensorType(tuple(attrs["shape"]), attrs["dtype"], "const"),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        return attrs["value"], attrs["value"]

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.full(attrs["shape"], attrs["value"], COMPUTED[attrs["dtype"]]),)

    def torch(self, call: TorchCall) -> str:
        shape = ", ".join(map(str, call.attrs["shape"]))
        dtype = "torch.long" if call.attrs["dtype"] == "int" else "torch.float64"
        return f"torch.full(({shape},), {call.attrs['value']}, dtype={dtype})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.array(self.evaluate((), call.attrs)[0]),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((), {"shape": (2, 3), "value": 1.5, "dtype": "float"}),
            Example((), {"shape": (4,), "value": 3, "dtype": "int"}),
        )
