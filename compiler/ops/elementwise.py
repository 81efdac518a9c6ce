"""Bases of ops that work on elements: one operand, two operands, comparisons, reductions."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from ..ir.graph import Attrs
from ..ir.types import DType, TensorType, meet
from .base import Array, Arrays, Bounds, Example, OnnxCall, OnnxEmitter, Op, OpError, Param, TorchCall, Types, np
from .kinds import Elementwise, broadcast, full_axis

_X = TensorType((3, 4))


class Unary(Elementwise, ABC):
    """A function of each element. `onnx_type` is its operator; `text` how torch writes it, {x} the operand."""

    onnx_type: ClassVar[str]
    text: ClassVar[str]
    positive: ClassVar[bool] = False

    @abstractmethod
    def compute(self, x: Array) -> Array:
        """The function in numpy."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The same type."""
        numbers(types)
        return types

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """`compute`, in the operand's dtype."""
        return (self.compute(xs[0]).astype(xs[0].dtype, copy=False),)

    def torch(self, call: TorchCall) -> str:
        return self.text.format(x=call.args[0])

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        return (emit.op(self.onnx_type, call.args[0]),)

    def examples(self) -> tuple[Example, ...]:
        return (Example((_X,), positive=self.positive),)


class FloatUnary(Unary, ABC):
    """A function whose results are fractions: integers go in as floats."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """Float."""
        numbers(types)
        return (replace(types[0], dtype="float"),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """`compute`, in the operand's dtype or float64."""
        return super().evaluate([x if x.dtype.kind == "f" else x.astype(np.float64) for x in xs], attrs)

    def torch(self, call: TorchCall) -> str:
        """`text`; tables are computed in float64."""
        (x,), (type,) = call.args, call.types
        wide = "double" if type.stage == "const" else "float"
        return self.text.format(x=x if type.dtype == "float" else f"{x}.{wide}()")

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The operator on a float."""
        return self.float_onnx(emit, cast_operands(emit, call, "float")[0])

    def float_onnx(self, emit: OnnxEmitter, x: str) -> tuple[str, ...]:
        """The function of a tensor of floats."""
        return (emit.op(self.onnx_type, x),)

    def examples(self) -> tuple[Example, ...]:
        """Floats and integers."""
        return (*super().examples(), Example((TensorType((5,), "int"),), low=1, high=6))


class Binary(Elementwise, ABC):
    """A function of two elements, aligned from the right. The result is float if an operand is, else int."""

    inputs = ("a", "b")
    onnx_type: ClassVar[str]
    text: ClassVar[str]
    positive: ClassVar[bool] = False
    #: The element type of the result, where it is not the operands'.
    gives: ClassVar[DType | None] = None
    #: The function of two numbers, where its extremes are at those of the operands.
    at_ends: ClassVar[Callable[[float, float], float] | None] = None

    @abstractmethod
    def compute(self, a: Array, b: Array) -> Array:
        """The function in numpy, which broadcasts."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """Broadcast; float if an operand is."""
        numbers(types)
        dtype: DType = self.gives or ("float" if any(t.dtype == "float" for t in types) else "int")
        return (TensorType(broadcast(types), dtype, meet(types)),)

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        """The extremes of `at_ends`."""
        function = type(self).at_ends
        ends = [function(a, b) for a in xs[0] for b in xs[1]] if function else []
        return (min(ends), max(ends)) if ends else None

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """`compute`; a float operand decides the dtype."""
        a, b = xs
        floats = [x.dtype for x in xs if x.dtype.kind == "f"]
        if floats and self.gives != "bool":
            a, b = a.astype(floats[0], copy=False), b.astype(floats[0], copy=False)
        return (np.asarray(self.compute(a, b)),)

    def torch(self, call: TorchCall) -> str:
        return self.text.format(a=call.args[0], b=call.args[1])

    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """The operator; an integer operand of a float result is cast."""
        wide = "float" if call.outs[0].dtype == "float" else ""
        return (emit.op(self.onnx_type, *cast_operands(emit, call, wide)),)

    def examples(self) -> tuple[Example, ...]:
        """Broadcasting both ways, a shared operand, integers alone and with floats."""
        shared, row = TensorType((4,), stage="shared"), TensorType((3, 1))
        ints = TensorType((3, 4), "int")
        return (
            Example((_X, shared), positive=self.positive),
            Example((shared, _X), positive=self.positive),
            Example((row, _X), positive=self.positive),
            Example((ints, TensorType((4,), "int", "shared")), low=1, high=9),
            Example((ints, _X), positive=self.positive, low=1),
        )


class Extreme(Binary, ABC):
    """The larger or the smaller of two; `side` is what torch's clamp calls it."""

    side: ClassVar[str]

    def torch(self, call: TorchCall) -> str:
        """clamp by a number, else `text`."""
        a, b = call.args
        if call.literals:
            a, b = (b, a) if 0 in call.literals else (a, b)
            return f"{a}.clamp({self.side}={b})"
        return self.text.format(a=a, b=b)


def numbers(types: Types) -> None:
    """Truth values are no numbers; raises `OpError`."""
    if any(t.dtype == "bool" for t in types):
        raise OpError("it takes numbers, not truth values", help="where(x, 1.0, 0.0) makes numbers of them")


def cast_operands(emit: OnnxEmitter, call: OnnxCall, dtype: str = "") -> list[str]:
    """Operands as floats where one of them is, or where `dtype` says so."""
    if not dtype and all(t.dtype == call.types[0].dtype for t in call.types):
        return list(call.args)
    return [a if t.dtype == "float" else emit.op("Cast", a, to=1) for a, t in zip(call.args, call.types, strict=True)]


class Compare(Binary, ABC):
    """A comparison: bool. `bools`: truth values too."""

    gives = "bool"
    bools: ClassVar[bool] = False

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        """False and true."""
        return 0, 1

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """Broadcast; two numbers or, for (in)equality, two truth values."""
        if not self.bools or len({t.dtype == "bool" for t in types}) > 1:
            numbers(types)
        return (TensorType(broadcast(types), "bool", meet(types)),)

    def torch(self, call: TorchCall) -> str:
        """In brackets: a comparison binds weakly."""
        return f"({self.text.format(a=call.args[0], b=call.args[1])})"

    def examples(self) -> tuple[Example, ...]:
        """Integers that are often equal, and a shared row; integers with floats."""
        a, b = TensorType((3, 4), "int"), TensorType((4,), "int", "shared")
        c = TensorType((3, 4), "bool")
        return (Example((a, b)), Example((b, a)), Example((a, _X)), *((Example((c, c)),) if self.bools else ()))


class Logical(Compare, ABC):
    """Two truth values."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        if any(t.dtype != "bool" for t in types):
            raise OpError("it takes truth values, not numbers")
        return (TensorType(broadcast(types), "bool", meet(types)),)

    def examples(self) -> tuple[Example, ...]:
        """A shared row on either side."""
        a, b = TensorType((3, 4), "bool"), TensorType((4,), "bool", "shared")
        return (Example((a, b)), Example((b, a)))


class Reduce(Op, ABC):
    """Axes gathered into one number each; with `keep` they stay as 1."""

    params = (Param("axes", "axes", structural=True), Param("keep", "bool", False, structural=True))
    onnx_type: ClassVar[str]
    method: ClassVar[str]

    @abstractmethod
    def compute(self, x: Array, axes: tuple[int, ...], keep: bool) -> Array:
        """The reduction in numpy."""

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The shape without the axes."""
        (x,) = types
        numbers(types)
        axes = {full_axis(axis, x) + x.rank for axis in attrs["axes"]}
        if len(axes) != len(attrs["axes"]):
            raise OpError("an axis stands twice")
        shape = (1 if i in axes else n for i, n in enumerate(x.shape) if attrs["keep"] or i not in axes)
        return (TensorType(tuple(shape), x.dtype, x.stage),)

    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        return (np.asarray(self.compute(xs[0], attrs["axes"], attrs["keep"])),)

    def reach(self, boxes: Sequence[Array], types: Types, attrs: Attrs, outs: Types) -> Arrays:
        """The smallest box around what is gathered."""
        return (boxes[0].min(axis=attrs["axes"], keepdims=attrs["keep"]),)

    def torch(self, call: TorchCall) -> str:
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
