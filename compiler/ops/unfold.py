"""The windows of an image as columns."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, Param, TorchCall, Types, np
from .sliding import image, one_batch, one_batch_onnx, output_sizes, padded, pair, slid


class Definition(Op):
    """[.., C, H, W] -> [.., C * kh * kw, windows], padded with zeros: `F.unfold`; ONNX Pad-23, Gather-13."""

    name = "unfold"
    params = (
        Param("kernel", "pair", minimum=1),
        Param("stride", "pair", (1, 1), minimum=1),
        Param("padding", "pair", (0, 0), minimum=0),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """A column for each window."""
        x, (kh, kw) = image(self.name, types), attrs["kernel"]
        h, w = output_sizes(x.shape[-2:], attrs["kernel"], attrs["stride"], attrs["padding"])
        return (TensorType((*x.shape[:-3], x.shape[-3] * kh * kw, h * w), "float", x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (_columns(padded(xs[0], attrs["padding"]), attrs),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: elements move; what is padded sees nothing."""
        return (_columns(padded(boxes[0], attrs["padding"], NOWHERE), attrs),)

    def torch(self, call: TorchCall) -> str:
        text = options(call.attrs)
        return one_batch(call, 3, lambda x: f"F.unfold({x}, {text})")

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Pad, Gather by a table of places, Reshape."""
        (ph, pw), (c, h, w) = tuple[int, ...](call.attrs["padding"]), call.types[0].shape[-3:]
        places: Array = np.arange((h + 2 * ph) * (w + 2 * pw)).reshape(1, h + 2 * ph, -1)
        table = emit.array(_columns(places, call.attrs))

        def form(y: str) -> str:
            if ph or pw:
                y = emit.op("Pad", y, emit.ints(0, 0, ph, pw, 0, 0, ph, pw), emit.scalar(0.0))
            y = emit.op("Gather", emit.op("Reshape", y, emit.ints(0, c, -1)), table, axis=-1)
            return emit.op("Reshape", y, emit.ints(0, *call.outs[0].shape[-2:]))

        return one_batch_onnx(emit, call, 3, form)

    def examples(self) -> tuple[Example, ...]:
        """Unequal axes, axes in front, none."""
        return (
            Example((TensorType((2, 5, 6)),), {"kernel": (3, 2), "stride": (2, 1), "padding": (1, 0)}),
            Example((TensorType((3, 2, 4, 4)),), {"kernel": (2, 2)}),
            Example((TensorType((2, 4, 4), stage="shared"),), {"kernel": (2, 2), "stride": (2, 2)}),
        )


def _columns(x: Array, attrs: Attrs) -> Array:
    """[.., C, H, W] -> [.., C * kh * kw, windows]."""
    view = slid(x, attrs["kernel"], attrs["stride"])
    view = np.moveaxis(view, (-2, -1), (-4, -3))
    return view.reshape(*view.shape[:-5], -1, view.shape[-2] * view.shape[-1])


def options(attrs: Attrs) -> str:
    """The arguments of F.unfold and F.fold that are not their defaults."""
    text = pair(attrs["kernel"])
    text += "" if tuple(attrs["padding"]) == (0, 0) else f", padding={pair(attrs['padding'])}"
    return text + ("" if tuple(attrs["stride"]) == (1, 1) else f", stride={pair(attrs['stride'])}")
