"""The largest element of each window."""

from collections.abc import Sequence

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Array, Arrays, OnnxCall, OnnxEmitter, TorchCall, np
from .pools import Pool, layout
from .windows import one_batch_onnx, padded, windows


class Definition(Pool):
    """[.., C, H, W] -> [.., C, H', W']: `F.max_pool2d`, ONNX MaxPool-22. What is padded never wins."""

    name = "max_pool"

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """As the name says."""
        at = layout(TensorType(xs[0].shape), attrs)
        x = padded(xs[0], at.padding, -np.inf, at.more)
        return (windows(x, at.kernel, at.stride).max(axis=(-2, -1)),)

    def torch(self, call: TorchCall) -> str:
        """F.max_pool2d."""
        return self.pooled("F.max_pool2d", call)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """MaxPool-22; what hangs over is padding."""
        at = layout(call.types[0], call.attrs)
        pads = [*at.padding, *(p + m for p, m in zip(at.padding, at.more, strict=True))]
        attrs = {"kernel_shape": list(at.kernel), "strides": list(at.stride), "pads": pads}
        return one_batch_onnx(emit, call, 3, lambda x: emit.op("MaxPool", x, **attrs))
