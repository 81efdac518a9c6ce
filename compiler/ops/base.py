"""What an op is: one class with every column in it.

Axes are negative everywhere (-1 is the last), so an op never needs to know whether a batch axis, or any other leading
axis, stands in front. A primitive op is what one operator of the ONNX standard or one function of torch does.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from ..ir.graph import Attrs
from ..ir.program import WeightSpec
from ..ir.types import DType, TensorType

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
else:

    class _Later:
        """numpy, imported when first used: checking a spec computes no numbers and should not wait for it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("numpy"), name)

    np, Array = _Later(), Any

Arrays = tuple[Array, ...]
Types = tuple[TensorType, ...]
#: A number that no element of a tensor is below, and one that none is above.
Bounds = tuple[float, float]

Kind = Literal[
    "int", "float", "bool", "pair", "ints", "axis", "axes", "word", "text", "pairs", "dtype", "scalar", "init"
]

REQUIRED: Any = object()


@dataclass(frozen=True, slots=True)
class Param:
    """An attribute. `kind` says what a spec may write and what the op gets:

    int, float, bool; `scalar` int or float; `pair` n or [h, w], given as (h, w); `ints` a list of integers; `axis` one
    negative integer; `axes` one or a list, given as a tuple; `pairs` a list of [before, after]; `word` one of `choices`;
    `text` a string; `dtype` float, int or bool; `init` what weights start from.
    `minimum` and `maximum` bound numbers (sizes are at least 1), and a value stays `below` its bound. `structural`: instances that differ in it can't share printed code;
    numbers without it may become a constructor argument.
    """

    name: str
    kind: Kind
    default: Any = REQUIRED
    minimum: float | None = None
    maximum: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    structural: bool = False


#: What the weight of an op starts from, where the text says it: an attribute of every op that owns weights.
INIT = Param("init", "init", None)


class OpError(Exception):
    """Operands or attributes do not fit. `about` is the attribute that is wrong, `sizes` are numbers that disagree: the text is
    shown where they come from."""

    def __init__(self, message: str, *, help: str = "", about: str = "", sizes: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message, self.help, self.about, self.sizes = message, help, about, sizes


@dataclass(frozen=True, slots=True)
class TorchCall:
    """What an op needs to print itself.

    `args` are Python expressions of the operands, each safe to be followed by `.method()` or an operator; redundant
    parentheses in the result are removed by the printer. `attrs` are the attributes; any number in them may instead be
    the name of a constructor argument (a `str` that prints itself): put it into the text, do not compute with it, and
    take sizes from attributes or from `x.shape`, never from `types`, of which only rank, stage and dtype may be used.
    """

    args: tuple[str, ...]
    attrs: Attrs
    types: Types
    outs: Types
    #: The operands that are numbers of the text: Python's own, not tensors.
    literals: frozenset[int] = frozenset()


class Step(NamedTuple):
    """A statement of an op that is written out: the variable (empty for the result), its expression, its type if it is a tensor."""

    name: str
    text: str
    type: TensorType | None = None


class OnnxEmitter(Protocol):
    """Records ONNX nodes; every method gives the name of a tensor. All operators are of opset 23 of the standard."""

    def op(self, op_type: str, *inputs: str, **attrs: Any) -> str:
        """A node with one output. An empty input name leaves an optional input out."""
        ...

    def ops(self, op_type: str, count: int, *inputs: str, **attrs: Any) -> tuple[str, ...]:
        """A node with `count` outputs."""
        ...

    def ints(self, *values: int) -> str:
        """A 1-D int64 initialiser."""
        ...

    def scalar(self, value: float, dtype: DType = "float") -> str:
        """A 0-D initialiser of the graph's float type, of int64 or of bool."""
        ...

    def array(self, value: Array) -> str:
        """An initialiser; floats become the graph's float type."""
        ...

    def batch(self) -> str:
        """A 1-D int64 tensor of one element: the batch size."""
        ...

    def value(self, name: str) -> Array:
        """The numbers of a tensor that depends on no input."""
        ...


@dataclass(frozen=True, slots=True)
class OnnxCall:
    """What an op needs to write itself as ONNX. Tensors of stage `sample` have the batch as axis 0, others have none."""

    args: tuple[str, ...]
    attrs: Attrs
    types: Types
    outs: Types

    def shape(self, type: TensorType) -> tuple[int, ...]:
        """The shape for Reshape: 0 (copy) for the batch axis, then the written axes."""
        return ((0,) if type.stage == "sample" else ()) + type.shape

    def rank(self, type: TensorType) -> int:
        """The rank with the batch axis."""
        return type.rank + (type.stage == "sample")


@dataclass(frozen=True, slots=True)
class Example:
    """Operand types and attributes the tests run an op on; `positive` draws operands from [0.5, 2], `low`, `high` ints."""

    types: Types
    attrs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    positive: bool = False
    low: int = 0
    high: int = 4


#: Boxes of a receptive field are arrays [4, *shape] of int32: top, left, -bottom, -right of the input pixels (inclusive)
#: that an element sees, so that the smallest box around several is their minimum; NOWHERE is the empty box. In the bias
#: of an attention SHUT marks a pair that a mask keeps apart.
NOWHERE = 2**30
SHUT = -NOWHERE


class Op(ABC):
    """One primitive op. Subclasses are final, one a file, the file named like the op; the class is called `Definition`."""

    name: ClassVar[str]
    #: Operand names; a trailing `*` takes any number from one on, a trailing `?` may be absent.
    inputs: ClassVar[tuple[str, ...]] = ("x",)
    params: ClassVar[tuple[Param, ...]] = ()
    #: How many attributes a call may give by position; None: all of them.
    by_position: ClassVar[int | None] = None
    #: Made by passes or by the elaborator alone: no spec can name it.
    internal: ClassVar[bool] = False
    #: The operator, or the function of the language, that a spec writes for the op instead of its name.
    operator: ClassVar[str] = ""
    function: ClassVar[str] = ""
    #: Draws random numbers: under `training` (dropout) or in an initialiser (`uniform`).
    random: ClassVar[bool] = False
    #: Does nothing outside of training.
    idle: ClassVar[bool] = False
    #: Under training a sample's result depends on the other samples of its batch.
    mixes_samples: ClassVar[bool] = False
    #: Operands of fewer axes are aligned from the right, those of each sample too: they get axes after the batch axis.
    aligns: ClassVar[bool] = False
    #: Joins its operands along `axis`, so that one without elements may be left out.
    joins: ClassVar[bool] = False
    #: All operands are per sample, or none is.
    one_stage: ClassVar[bool] = False
    #: The op in its place where the last operand depends on the input.
    per_sample: ClassVar[str] = ""
    #: Picks elements along `axis` at the places that its last operand tells.
    picks: ClassVar[bool] = False
    #: Gives a list of tensors, of one too.
    several: ClassVar[bool] = False
    #: Divides by its second operand, which of integers may not be zero.
    divides: ClassVar[bool] = False
    #: Makes the channels of its result anew, on the last axis.
    makes_channels: ClassVar[bool] = False
    #: What a mask shuts (see SHUT) in a shared operand is shut in the result: masks are made of such ops.
    keeps_shut: ClassVar[bool] = False
    #: Does not see what its last operand shuts.
    masked: ClassVar[bool] = False
    #: The text of a function, called like the op, that printed code defines for it: what torch has no function for.
    helper: ClassVar[str] = ""

    @abstractmethod
    def infer(self, types: Types, attrs: Attrs) -> Types:
        """The types of the outputs; raises `OpError`. Cheap, symbolic, allocates nothing."""

    def weights(self, x: TensorType, attrs: Attrs) -> dict[str, WeightSpec]:
        """The tensors that a layer of this op owns, by torch's names, in the order of the operands after `x`."""
        return {}

    @abstractmethod
    def evaluate(self, xs: Sequence[Array], attrs: Attrs, rng: "np.random.Generator | None" = None) -> Arrays:
        """The numbers, in the dtype of the operands, at inference; leading axes pass through. The reference of all tests."""

    def bounds(self, xs: Sequence[Bounds], attrs: Attrs) -> Bounds | None:
        """Bounds of the result from those of the operands; None where only computing it tells."""
        return None

    def macs(self, types: Types, attrs: Attrs, outs: Types) -> int:
        """Multiply-accumulates for one sample, counted as `torch.utils.flop_counter` counts (half its flops)."""
        return 0

    @abstractmethod
    def reach(
        self,
        boxes: Sequence[Array],
        types: Types,
        attrs: Attrs,
        outs: Types,
    ) -> Arrays:
        """Receptive boxes of the outputs from those of the operands (see NOWHERE); operands not per sample are NOWHERE."""

    @abstractmethod
    def torch(self, call: TorchCall) -> str:
        """A Python expression of torch (`torch`, `nn`, `F` are imported) for the outputs; several make a tuple."""

    def torch_steps(self, call: TorchCall, name: Callable[[str], str]) -> tuple[Step, ...]:
        """The same as statements, the last for the result, as a textbook has it; none where `torch` prints what it does.

        `name` gives a free variable for a word. Operands are variables; brackets stay as they are. Types are for comments.
        """
        return ()

    @property
    def nameable(self) -> bool:
        """Whether a spec can name the op."""
        return not (self.internal or self.operator or self.function)

    @cached_property
    def owns_weights(self) -> bool:
        """Whether the op has weights of its own, which take their name from what it is bound to."""
        return any(name.startswith("weight") for name in self.inputs)

    def torch_module(self, attrs: Attrs, weights: Mapping[str, tuple[Any, ...]]) -> str:
        """The constructor of the `nn` module that owns the weights of such an op and whose call is the op: `nn.Linear(3, 4)`.

        Sizes come from the shapes in `weights` or from attributes; both may be names.
        """
        raise NotImplementedError(f"{self.name} owns no weights")

    def torch_call(self, module: str, call: TorchCall) -> str:
        """The call of that module on the first operand, which may have to be reshaped for it."""
        return f"{module}({call.args[0]})"

    def torch_fits(self, x: TensorType, attrs: Attrs) -> bool:
        """Whether that call reshapes nothing, so that the module may stand in an `nn.Sequential`."""
        return True

    def draws(self, attrs: Attrs) -> bool:
        """Whether running it twice may give two results."""
        return self.random

    def vanishes(self, attrs: Attrs) -> bool:
        """With these attributes the op does nothing, and printed code leaves it out."""
        return False

    @abstractmethod
    def onnx(self, emit: OnnxEmitter, call: OnnxCall) -> tuple[str, ...]:
        """Records the nodes and gives the names of the outputs."""

    @abstractmethod
    def examples(self) -> tuple[Example, ...]:
        """What the tests run: changing any attribute must change the result of at least one."""
