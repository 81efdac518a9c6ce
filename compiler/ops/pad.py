"""Values around the trailing axes."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, OpError, Param, TorchCall, Types, np
from .elementwise import numbers
from .kinds import Movement


class Definition(Movement):
    """[.., n] -> [.., before + n + after] for each of the trailing axes: `F.pad`, ONNX Pad-21."""

    name = "pad"
    params = (Param("pairs", "pairs", minimum=0), Param("value", "scalar", 0.0, structural=True))

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,), pairs = types, attrs["pairs"]
        numbers(types)
        if x.dtype == "int" and not float(attrs["value"]).is_integer():
            raise OpError(f"{attrs['value']} around integers")
        if len(pairs) > x.rank:
            raise OpError(f"{len(pairs)} pairs for {x.rank} axes")
        lead = x.rank - len(pairs)
        shape = (*x.shape[:lead], *(a + n + b for n, (a, b) in zip(x.shape[lead:], pairs, strict=True)))
        return (TensorType(shape, x.dtype, x.stage),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        (low, high), value = xs[0], attrs["value"]
        return min(low, value), max(high, value)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        widths = [(0, 0)] * (xs[0].ndim - len(attrs["pairs"])) + [tuple(p) for p in attrs["pairs"]]
        return (np.pad(xs[0], widths, constant_values=attrs["value"]),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """What is added sees nothing."""
        return self.evaluate(boxes, {**attrs, "value": NOWHERE})

    def torch(self, call: TorchCall) -> str:
        sides = ", ".join(str(side) for pair in reversed(call.attrs["pairs"]) for side in pair)
        value = call.attrs["value"]
        return f"F.pad({call.args[0]}, ({sides}){'' if value == 0 else f', value={float(value)}'})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        rank, pairs = call.rank(call.types[0]), call.attrs["pairs"]
        lead = [0] * (rank - len(pairs))
        widths = emit.ints(*lead, *(a for a, _ in pairs), *lead, *(b for _, b in pairs))
        if call.types[0].dtype == "float":
            return (emit.op("Pad", call.args[0], widths, emit.scalar(call.attrs["value"])),)
        value = emit.op("Cast", emit.scalar(call.attrs["value"]), to=11)  # Pad has no CUDA kernel of integers
        return (emit.op("Cast", emit.op("Pad", emit.op("Cast", call.args[0], to=11), widths, value), to=7),)

    def examples(self) -> tuple[Example, ...]:
        return (
            Example((TensorType((3, 4)),), {"pairs": ((1, 2),)}),
            Example((TensorType((3, 4)),), {"pairs": ((0, 1), (2, 0)), "value": 2.0}),
            Example((TensorType((3, 4), "int"),), {"pairs": ((2, 1),), "value": 3}),
        )
