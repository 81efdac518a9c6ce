"""Windows put back onto an image, added where they overlap."""

from collections.abc import Sequence
from math import prod

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import floats
from .sliding import one_batch, one_batch_onnx, output_sizes, pair, places
from .unfold import options


class Definition(Op):
    """[.., C * kh * kw, windows] -> [.., C, H, W] of the given size: `F.fold`, the transpose of `unfold`.

    ONNX ConvTranspose-22 with ones in the kernel, as ONNX Runtime has no CUDA kernel of Col2Im.
    """

    name = "fold"
    params = (
        Param("size", "pair", minimum=1),
        Param("kernel", "pair", minimum=1),
        Param("stride", "pair", (1, 1), minimum=1),
        Param("padding", "pair", (0, 0), minimum=0),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        (x,) = types
        floats(types)
        covered, counts = (
            prod(attrs["kernel"]),
            output_sizes(attrs["size"], attrs["kernel"], attrs["stride"], attrs["padding"]),
        )
        if x.rank < 2 or x.shape[-2] % covered or x.shape[-1] != prod(counts):
            wanted = f"[.., C * {covered}, {prod(counts)}]"
            raise OpError(
                f"columns for a kernel of {pair(attrs['kernel'])} on this size are {wanted}, not {list(x.shape)}",
                sizes=(prod(counts), *x.shape[-1:]),
            )
        return (TensorType((*x.shape[:-2], x.shape[-2] // covered, *attrs["size"]), "float", x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """A sum over the places in a window."""
        return (self._put(xs[0], attrs, 0, np.add),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: the smallest box around all that is added."""
        return (self._put(boxes[0], attrs, NOWHERE, np.minimum),)

    def _put(self, x: Array, attrs: Attrs, start: int, meet: "np.ufunc") -> Array:
        (h, w), (kh, kw), (ph, pw) = attrs["size"], attrs["kernel"], attrs["padding"]
        counts = output_sizes(attrs["size"], attrs["kernel"], attrs["stride"], attrs["padding"])
        x = x.reshape(*x.shape[:-2], -1, kh, kw, *counts)
        y = np.full((*x.shape[:-4], h + 2 * ph, w + 2 * pw), start, x.dtype)
        for i, j, (rows, columns) in places((kh, kw), attrs["stride"], counts):
            y[..., rows, columns] = meet(y[..., rows, columns], x[..., i, j, :, :])
        return y[..., ph : ph + h, pw : pw + w]

    def torch(self, call: TorchCall) -> str:
        h, w = call.attrs["size"]
        text = options(call.attrs)
        return one_batch(call, 2, lambda x: f"F.fold({x}, ({h}, {w}), {text})")

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """ConvTranspose whose kernel puts each of the kh * kw channels in its place."""
        size, k, stride, padding = (call.attrs[name] for name in ("size", "kernel", "stride", "padding"))
        counts, channels = output_sizes(size, k, stride, padding), call.outs[0].shape[-3]
        kernel = emit.array(np.tile(np.eye(prod(k)).reshape(-1, 1, *k), (channels, 1, 1, 1)))
        full = ((c - 1) * s + n - 2 * p for c, s, n, p in zip(counts, stride, k, padding, strict=True))
        more = [n - f for n, f in zip(size, full, strict=True)]
        (ph, pw), group = padding, channels

        def form(x: str) -> str:
            y = emit.op("Reshape", x, emit.ints(0, 0, *counts))
            pads = [ph, pw, ph, pw]
            return emit.op(
                "ConvTranspose", y, kernel, strides=list(stride), pads=pads, output_padding=more, group=group
            )

        return one_batch_onnx(emit, call, 2, form)

    def examples(self) -> tuple[Example, ...]:
        """Overlaps, a rest, axes in front, none."""
        attrs = {"size": (6, 5), "kernel": (3, 2), "stride": (2, 1), "padding": (1, 0)}
        return (
            Example((TensorType((12, 12)),), attrs),
            Example((TensorType((3, 8, 9)),), {"size": (4, 4), "kernel": (2, 2)}),
            Example((TensorType((8, 4), stage="shared"),), {"size": (4, 4), "kernel": (2, 2), "stride": (2, 2)}),
        )
