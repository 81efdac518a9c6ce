"""Images brought to another size."""

from collections.abc import Sequence
from typing import Any

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .sliding import image, one_batch, one_batch_onnx


class Definition(Op):
    """[.., C, H, W] -> [.., C, h, w]: `F.interpolate`, ONNX Resize-19.

    Each axis is a matrix of weights. `antialias` widens the kernel when an axis shrinks, as pillow does; `align_corners`
    puts the centres of the corner pixels onto each other.
    """

    name = "resize"
    params = (
        Param("size", "pair", minimum=1),
        Param("mode", "word", "bilinear", choices=("nearest", "bilinear", "bicubic"), structural=True),
        Param("antialias", "bool", False, structural=True),
        Param("align_corners", "bool", False, structural=True),
    )

    def infer(self, types: Types, attrs: Attrs) -> Types:
        x = image(self.name, types)
        if attrs["mode"] == "nearest" and (attrs["antialias"] or attrs["align_corners"]):
            raise OpError("the nearest pixel needs neither antialias nor align_corners", about="mode")
        if attrs["antialias"] and attrs["align_corners"]:
            raise OpError("antialias goes with pixels as areas, align_corners with pixels as points", about="antialias")
        if attrs["antialias"] and attrs["size"][1] == 1:  # torch 2.13 repeats the first row down the column
            raise OpError("torch gets an antialiased column of one pixel wrong", "size", "take the mean of two columns")
        return (TensorType((*x.shape[:-2], *attrs["size"]), "float", x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """A product with a matrix for each axis."""
        (x,) = xs
        rows, columns = (
            _weights(n, m, attrs).astype(x.dtype) for n, m in zip(x.shape[-2:], attrs["size"], strict=True)
        )
        return (rows @ x @ columns.T,)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """Exact: the pixels with a weight."""
        box = boxes[0]
        for axis in (-1, -2):
            matrix = _weights(box.shape[axis], attrs["size"][axis], attrs) != 0
            moved = np.moveaxis(box, axis, -1)
            parts = [moved[..., row].min(axis=-1, initial=NOWHERE) for row in matrix]
            box = np.moveaxis(np.stack(parts, axis=-1), -1, axis)
        return (box,)

    def torch(self, call: TorchCall) -> str:
        (h, w), mode = call.attrs["size"], call.attrs["mode"]
        text = "" if mode == "nearest" else f', mode="{mode}"'
        text += "".join(f", {name}=True" for name in ("antialias", "align_corners") if call.attrs[name])
        return one_batch(call, 3, lambda x: f"F.interpolate({x}, ({h}, {w}){text})", batchless=False)

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Resize-19, with all four sizes: ONNX Runtime moves a Transpose past one with `axes` wrongly."""
        mode, smooth = call.attrs["mode"], call.attrs["antialias"]
        attrs: dict[str, Any] = {"mode": {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)}
        places = "align_corners" if call.attrs["align_corners"] else "half_pixel"
        attrs["coordinate_transformation_mode"] = "asymmetric" if mode == "nearest" else places
        attrs |= {"nearest_mode": "floor"} if mode == "nearest" else {}
        attrs |= {"cubic_coeff_a": -0.5 if smooth else -0.75} if mode == "bicubic" else {}
        attrs |= {"antialias": 1, "exclude_outside": 1} if smooth else {}

        def form(x: str) -> str:
            lead = emit.op("Shape", x, start=0, end=2)
            sizes = emit.op("Concat", lead, emit.ints(*call.attrs["size"]), axis=0)
            return emit.op("Resize", x, "", "", sizes, **attrs)

        return one_batch_onnx(emit, call, 3, form)

    def examples(self) -> tuple[Example, ...]:
        """Up and down, every mode, axes in front, none."""
        x, smooth = TensorType((2, 5, 6)), {"antialias": True}
        return (
            Example((x,), {"size": (7, 4)}),
            Example((x,), {"size": (7, 4), "mode": "nearest"}),
            Example((x,), {"size": (8, 3), "mode": "bicubic"}),
            Example((x,), {"size": (3, 9), "align_corners": True}),
            Example((x,), {"size": (2, 1), "mode": "bicubic", "align_corners": True}),
            Example((x,), {"size": (2, 9), **smooth}),
            Example((x,), {"size": (3, 2), "mode": "bicubic", **smooth}),
            Example((TensorType((3, 2, 4, 4)),), {"size": (2, 8)}),
            Example((TensorType((2, 4, 4), stage="shared"),), {"size": (6, 3), "mode": "bicubic"}),
        )


def _weights(n: int, m: int, attrs: Attrs) -> Array:
    """How much each of m results takes of each of n pixels [m, n], float64."""
    mode, scale = attrs["mode"], n / m
    at = np.arange(m)
    if mode == "nearest":
        return np.eye(n)[np.minimum((at * scale).astype(int), n - 1)]
    if attrs["antialias"]:
        return _smooth(n, at, scale, mode)
    x = at * (n - 1) / max(m - 1, 1) if attrs["align_corners"] else (at + 0.5) * scale - 0.5
    x = np.maximum(x, 0) if mode == "bilinear" else x
    low = np.floor(x).astype(int)
    weights = np.zeros((m, n))
    kernel, steps = (_linear, (0, 1)) if mode == "bilinear" else (_cubic(-0.75), (-1, 0, 1, 2))
    for step in steps:  # beyond the edge stands the edge
        np.add.at(weights, (at, np.clip(low + step, 0, n - 1)), kernel(np.abs(x - low - step)))
    return weights


def _smooth(n: int, at: Array, scale: float, mode: str) -> Array:
    """The kernel as wide as the pixels of the result, cut off at the edges, its weights adding up to 1."""
    wide = max(scale, 1.0)
    kernel = _linear if mode == "bilinear" else _cubic(-0.5)
    distance = (np.arange(n) + 0.5 - ((at + 0.5) * scale)[:, None]) / wide
    weights = kernel(np.abs(distance))
    return weights / weights.sum(axis=-1, keepdims=True)


def _linear(x: Array) -> Array:
    return np.maximum(1 - x, 0)


def _cubic(a: float) -> Any:
    """Keys 1981: torch takes a = -0.75, and -0.5 with antialias."""

    def kernel(x: Array) -> Array:
        near = ((a + 2) * x - (a + 3)) * x * x + 1
        far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
        return np.where(x <= 1, near, np.where(x < 2, far, 0))

    return kernel
