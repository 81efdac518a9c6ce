"""The largest element of each window."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, OnnxCall, OnnxEmitter, TorchCall, np
from .pools import Pool, layout
from .sliding import one_batch_onnx, padded, slid


class Definition(Pool):
    """[.., C, H, W] -> [.., C, H', W']: `F.max_pool2d`. What is padded never wins.

    ONNX Pad-23, and along each axis Slice-13 and Max-13: ONNX Runtime 1.31 has no CUDA kernel of MaxPool-22.
    """

    name = "max_pool"

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        at = layout(TensorType(xs[0].shape), attrs)
        x = padded(xs[0], at.padding, -np.inf, at.more)
        return (slid(x, at.kernel, at.stride).max(axis=(-2, -1)),)

    def torch(self, call: TorchCall) -> str:
        return self.pooled("F.max_pool2d", call)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The largest of as many slices as a window is high, then of as many as it is wide."""
        at = layout(call.types[0], call.attrs)
        ends = [p + m for p, m in zip(at.padding, at.more, strict=True)]

        def form(x: str) -> str:
            if any(at.padding) or any(ends):
                x = emit.op("Pad", x, emit.ints(0, 0, *at.padding, 0, 0, *ends), emit.scalar(-np.inf))
            for axis in (-2, -1):
                x = _largest(emit, x, axis, at.kernel[axis], at.stride[axis], at.counts[axis])
            return x

        return one_batch_onnx(emit, call, 3, form)


def _largest(emit: OnnxEmitter, x: str, axis: int, k: int, stride: int, count: int) -> str:
    """The maximum over `count` windows of k along one axis."""
    stops = (i + stride * (count - 1) + 1 for i in range(k))
    slices = [
        emit.op("Slice", x, emit.ints(i), emit.ints(stop), emit.ints(axis), emit.ints(stride))
        for i, stop in enumerate(stops)
    ]
    return emit.op("Max", *slices) if k > 1 else slices[0]
