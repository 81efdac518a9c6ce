"""Bases of ops that work on elements: one operand, two operands, comparisons, reductions."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from ..ir.graph import Attrs
from ..ir.types import TensorType, meet
from .base import Array, Arrays, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import Elementwise, broadcast, full_axis

_X = TensorType((3, 4))


class Unary(Elementwise, ABC):
    """A function of each element. `onnx_type` is its operator; `text` how torch writes it, {x} the operand."""

    onnx_type: ClassVar[str]
    text: ClassVar[str]
    positive: ClassVar[bool] = False

    @abstractmethod
    def compute(self, x: Array) -> Array:
        """The numbers."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The same type."""
        return types

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """`compute`, in the operand's dtype."""
        return (self.compute(xs[0]).astype(xs[0].dtype, copy=False),)

    def torch(self, call: TorchCall) -> str:
        """`text`."""
        return self.text.format(x=call.args[0])

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The operator."""
        return (emit.op(self.onnx_type, call.args[0]),)

    def examples(self) -> tuple[Example, ...]:
        """One matrix."""
        return (Example((_X,), positive=self.positive),)


class Binary(Elementwise, ABC):
    """A function of two elements, aligned from the right. The result is float if an operand is, else int."""

    inputs = ("a", "b")
    onnx_type: ClassVar[str]
    text: ClassVar[str]
    positive: ClassVar[bool] = False
    #: The element type of the result, where it is not the operands'.
    gives: ClassVar[str] = ""

    @abstractmethod
    def compute(self, a: Array, b: Array) -> Array:
        """The numbers."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """Broadcast; float if an operand is."""
        dtype = self.gives or ("float" if any(t.dtype == "float" for t in types) else "int")
        return (TensorType(broadcast(types), dtype, meet(types)),)  # type: ignore[arg-type]

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """`compute`; a float operand decides the dtype."""
        a, b = xs
        floats = [x.dtype for x in xs if x.dtype.kind == "f"]
        if floats and self.gives != "bool":
            a, b = a.astype(floats[0], copy=False), b.astype(floats[0], copy=False)
        return (np.asarray(self.compute(a, b)),)

    def torch(self, call: TorchCall) -> str:
        """`text`."""
        return self.text.format(a=call.args[0], b=call.args[1])

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The operator; an integer operand of a float result is cast."""
        return (emit.op(self.onnx_type, *cast_operands(emit, call)),)

    def examples(self) -> tuple[Example, ...]:
        """Broadcasting both ways, a shared operand, integers."""
        shared, row = TensorType((4,), stage="shared"), TensorType((3, 1))
        return (
            Example((_X, shared), positive=self.positive),
            Example((shared, _X), positive=self.positive),
            Example((row, _X), positive=self.positive),
        )


def cast_operands(emit: OnnxEmitter, call: OnnxCall) -> list[str]:
    """Operands as floats where one of them is."""
    if all(t.dtype == call.types[0].dtype for t in call.types):
        return list(call.args)
    return [a if t.dtype == "float" else emit.op("Cast", a, to=1) for a, t in zip(call.args, call.types, strict=True)]


class Compare(Binary, ABC):
    """A comparison: bool."""

    gives = "bool"

    def torch(self, call: TorchCall) -> str:
        """In brackets: a comparison binds weakly."""
        return f"({self.text.format(a=call.args[0], b=call.args[1])})"

    def examples(self) -> tuple[Example, ...]:
        """Integers that are often equal, and a shared row."""
        a, b = TensorType((3, 4), "int"), TensorType((4,), "int", "shared")
        return (Example((a, b)), Example((b, a)))


class Reduce(Op, ABC):
    """Axes gathered into one number each; with `keep` they stay as 1."""

    params = (Param("axes", "axes", structural=True), Param("keep", "bool", False, structural=True))
    onnx_type: ClassVar[str]
    method: ClassVar[str]

    @abstractmethod
    def compute(self, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
        """The numbers."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The shape without the axes."""
        (x,) = types
        axes = {full_axis(axis, x) + x.rank for axis in attrs["axes"]}
        if len(axes) != len(attrs["axes"]):
            raise OpError("an axis stands twice", about="axes")
        shape = (1 if i in axes else n for i, n in enumerate(x.shape) if attrs["keep"] or i not in axes)
        return (TensorType(tuple(shape), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """`compute`."""
        return (np.asarray(self.compute(xs[0], attrs["axes"], attrs["keep"])),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """The smallest box around what is gathered."""
        return (boxes[0].min(axis=attrs["axes"], keepdims=attrs["keep"]),)

    def torch(self, call: TorchCall) -> str:
        """A method call."""
        axes = call.attrs["axes"]
        dims = str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
        keep = ", keepdim=True" if call.attrs["keep"] else ""
        return f"{call.args[0]}.{self.method}({dims}{keep})"

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Reduce*-18 with its axes as an input."""
        axes = emit.ints(*call.attrs["axes"])
        return (emit.op(self.onnx_type, call.args[0], axes, keepdims=int(call.attrs["keep"])),)

    def examples(self) -> tuple[Example, ...]:
        """One axis, two, kept and not."""
        x = TensorType((2, 3, 4))
        return (
            Example((x,), {"axes": (-1,)}),
            Example((x,), {"axes": (-2,), "keep": True}),
            Example((x,), {"axes": (-1, -3)}),
        )
