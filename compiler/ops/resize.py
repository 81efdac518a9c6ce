"""Images brought to another size."""

from collections.abc import Sequence
from typing import Any

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import NOWHERE, Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .resampling import matrix
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
            raise OpError("the nearest pixel needs neither antialias nor align_corners")
        if attrs["antialias"] and attrs["align_corners"]:
            raise OpError("antialias goes with pixels as areas, align_corners with pixels as points")
        if attrs["antialias"] and attrs["size"][1] == 1:  # torch 2.13 repeats the first row down the column
            raise OpError("torch gets an antialiased column of one pixel wrong", help="take the mean of two columns")
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
    return matrix(n, m, attrs["mode"], antialias=attrs["antialias"], align_corners=attrs["align_corners"])
