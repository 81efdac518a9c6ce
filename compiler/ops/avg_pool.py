"""The mean of each window."""

from collections.abc import Sequence
from typing import Any

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Param, TorchCall, np
from .pools import PARAMS, Pool, layout
from .sliding import one_batch_onnx, padded, slid


class Definition(Pool):
    """[.., C, H, W] -> [.., C, H', W']: `F.avg_pool2d`, ONNX AveragePool-22.

    `count_pad`: padding counts as zeros; what hangs over beyond it (`ceil`) never counts.
    """

    name = "avg_pool"
    params = (*PARAMS, Param("count_pad", "bool", True, structural=True))

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """Sums over counts."""
        (x,), at = xs, layout(TensorType(xs[0].shape), attrs)
        inside = padded(np.ones(x.shape[-2:], x.dtype), at.padding, float(attrs["count_pad"]))
        total, count = (
            slid(padded(v, p, 0, at.more), at.kernel, at.stride).sum(axis=(-2, -1))
            for v, p in ((x, at.padding), (inside, (0, 0)))
        )
        return (total / count,)

    def torch(self, call: TorchCall) -> str:
        padding, count = call.attrs["padding"], call.attrs["count_pad"]
        return self.pooled(
            "F.avg_pool2d", call, "" if count or tuple(padding) == (0, 0) else ", count_include_pad=False"
        )

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """AveragePool-22 without its `ceil_mode`: what hangs over is padding that does not count.

        Padding that counts is a Pad before it, and a pool without padding says so as VALID: ONNX Runtime 1.31 moves a Pad into
        any other pool, and then refuses a padding as large as the kernel.
        """
        at, counts = layout(call.types[0], call.attrs), call.attrs["count_pad"]
        (ph, pw), (mh, mw) = at.padding, at.more
        attrs: dict[str, Any] = {"kernel_shape": list(at.kernel), "strides": list(at.stride)}
        apart = counts and any(at.padding)
        pads = [0, 0, mh, mw] if apart else [ph, pw, ph + mh, pw + mw]

        def form(x: str) -> str:
            if apart:
                x = emit.op("Pad", x, emit.ints(0, 0, ph, pw, 0, 0, ph, pw), emit.scalar(0.0))
            if not any(pads):
                return emit.op("AveragePool", x, auto_pad="VALID", **attrs)
            return emit.op("AveragePool", x, pads=pads, count_include_pad=0, **attrs)

        return one_batch_onnx(emit, call, 3, form)

    def examples(self) -> tuple[Example, ...]:
        """Those of every pool, and padding that does not count."""
        x = TensorType((2, 6, 7))
        attrs = {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1), "count_pad": False}
        return (*super().examples(), Example((x,), attrs), Example((x,), {**attrs, "ceil": True}))
