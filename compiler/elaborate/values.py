"""The values of expressions while compiling. Numbers, booleans, None, texts and lists are Python's own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol, TypeAlias, TypeGuard

from ...diagnostics.source import Span
from ...grammar import tree
from ...grammar.values import shape
from .. import ops
from ..ir import graph
from ..ir.program import Child, Layer, Lent, WeightSpec
from ..ir.types import TensorType
from . import assembly
from .declarations import Declared
from .library import Module


class Absent(Enum):
    """Why there is no value: nothing has the name, or it is known later (a size that no tensor has shown yet, a default)."""

    MISSING = "missing"
    LATER = "later"


MISSING: Final = Absent.MISSING
LATER: Final = Absent.LATER
#: The sizes of a shape by name.
SIDES = ("h", "w", "c")


@dataclass(frozen=True, slots=True)
class Word:
    """A word such as `token`; `choices` are the words it was chosen from. Where these are not known yet, `known` are the names
    that it could have been."""

    name: str
    choices: tuple[str, ...] = field(default=(), compare=False)
    known: tuple[str, ...] = field(default=(), compare=False)


#: Where it is not known yet which words are expected: a bare name that means nothing else is one.
ANY_WORD: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Shape:
    """`224x224x3`: height, width, channels; `image.h`, `image.w`, `image.c`, or an index."""

    dims: tuple[int, ...]

    def named(self) -> Iterator[tuple[str, int]]:
        """Yields each size with what reads it: `h`, `w`, `c`, then the index."""
        for index, size in enumerate(self.dims):
            yield SIDES[index] if index < len(SIDES) else str(index), size

    def side(self, name: str) -> int | None:
        """The size that `.h`, `.w` or `.c` reads; None for one that the shape does not have."""
        return self.dims[SIDES.index(name)] if name in SIDES[: len(self.dims)] else None


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the body that is being written."""

    value: graph.Value

    @property
    def type(self) -> TensorType:
        """Its type."""
        return self.value.type


@dataclass(frozen=True, slots=True, eq=False)
class BlockValue:
    """A block with some of its parameters and bindings given."""

    module: Module
    definition: tree.Block
    args: Mapping[str, "Setting"]

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.definition.name.id

    @property
    def declared(self) -> Declared:
        """What the block declares."""
        return self.module.declared(self.definition)


#: A value with its place in the text.
Given: TypeAlias = tuple["Value", Span]


@dataclass(frozen=True, slots=True, eq=False)
class OpValue:
    """An op with some of its attributes given: a block value without text of its own."""

    op: str
    attrs: Mapping[str, Given]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue:
    """A `fn`, its parameters not yet given."""

    module: Module
    definition: tree.Function


class Late(Protocol):
    """A value that is made when it is first needed."""

    def get(self) -> "Value":
        """Makes the value, or gives it again."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ModelValue:
    """A model's name in an expression: `base.dim` reads its parameter."""

    name: str
    params: Mapping[str, Late]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of the language itself, or an op that a text may name."""

    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    """`identity`: gives back what it is given and makes no layer."""


@dataclass(frozen=True, slots=True, eq=False)
class WeightValue:
    """`weight(shape, init)` or `state(shape, init)`, not yet bound to a name."""

    spec: WeightSpec
    span: Span


# ---- settings --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A value given for a name, and where the text gives it."""

    value: "Value"
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Settings inside of a name whose value is not known yet; `at` is where the name stands."""

    parts: Mapping[str, "Setting"]
    at: Span


Setting = Whole | Parts

# ---- layers: block values bound to names -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of a tensor in what a block gives, whichever tensors a call will put there."""

    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Elaborated:
    """A block run on arguments of certain types: the layer it is, and what it gives, with holes for its tensors."""

    layer: Layer
    results: "Value"
    types: tuple[TensorType, ...]


class Owner(Protocol):
    """The block being run in which a layer is bound; `called` are the names of its layers in the order of first calls."""

    called: dict[str, None]

    def weight(self, name: str, spec: WeightSpec, span: Span) -> Tensor:
        """Gives the tensor of a weight in the body of the block."""
        ...


@dataclass(eq=False)
class LayerSlot:
    """A block value bound to a name: a layer. `path` is its name in its block (`attn`, `blocks.3`); `root` is the slot of
    the block that owns the layer where this one has it by `share`."""

    instance: Owner
    path: str
    value: BlockValue | OpValue
    span: Span
    root: "LayerSlot | None" = None
    calls: list[Elaborated] = field(default_factory=list[Elaborated])
    op_layer: Layer | None = None
    lent: Lent | None = None
    called: bool = False
    _merged: tuple[int, Layer] | None = None

    def owner(self) -> "LayerSlot":
        """The slot that owns the layer."""
        return self.root or self

    def layer(self) -> Layer | None:
        """What was made of it by its calls; None if it was never called or is another block's."""
        if self.root is not None:
            return None
        if not self.calls:
            return self.op_layer
        if self._merged is None or self._merged[0] != len(self.calls):
            self._merged = len(self.calls), assembly.merge([call.layer for call in self.calls])
        return self._merged[1]


@dataclass(eq=False)
class ListSlot:
    """A list with block values in it, bound to a name: layers named by position."""

    path: str
    members: "list[Value]"

    def child(self) -> Child:
        """The layers, None where a place has no weights and was never called as a layer."""
        return tuple(
            m.child() if isinstance(m, ListSlot) else m.layer() if isinstance(m, LayerSlot) else None
            for m in self.members
        )


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """`share(name)`: a layer that may be bound a second time; `owner` is its slot."""

    owner: LayerSlot


Value: TypeAlias = (
    int | float | bool | str | Word | Shape | Tensor | BlockValue | OpValue | FunctionValue | ModelValue | Builtin
    | Identity | WeightValue | Shared | LayerSlot | ListSlot | Hole | list["Value"] | tuple["Value", ...] | None
)  # fmt: skip


def lend(slot: LayerSlot) -> Shared:
    """Marks a layer as lent to other names or blocks, and gives the value of `share`."""
    owner = slot.owner()
    owner.lent = owner.lent or Lent(owner.path.rpartition(".")[2])
    return Shared(owner)


def makes_layer(value: Value) -> bool:
    """Whether a bound value is a layer or holds one."""
    if isinstance(value, list):
        return any(makes_layer(item) for item in value)
    return isinstance(value, (BlockValue, Shared)) or (isinstance(value, OpValue) and ops.get(value.op).owns_weights)


def holds_layer(value: Value) -> bool:
    """Whether a list, or one inside it, has layers of a block as members, not block values."""
    return isinstance(value, list) and any(isinstance(v, (LayerSlot, ListSlot)) or holds_layer(v) for v in value)


def slots_in(slot: Value) -> list[LayerSlot]:
    """The layers of a name, those in lists too."""
    if isinstance(slot, LayerSlot):
        return [slot]
    return [inner for member in slot.members for inner in slots_in(member)] if isinstance(slot, ListSlot) else []


# ---- any value -------------------------------------------------------------------------------------------------------


def is_int(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number; true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def listed(value: Value) -> list[Value] | None:
    """The items of a list or tuple; None of anything else."""
    return list(value) if isinstance(value, (list, tuple)) else None


def mapped(value: Value, change: Callable[[Value], Value]) -> Value:
    """The value with `change` made of it, or of what a list or tuple holds, at any depth."""
    if isinstance(value, list):
        return [mapped(item, change) for item in value]
    return tuple(mapped(item, change) for item in value) if isinstance(value, tuple) else change(value)


def members(value: Value) -> list[Value] | None:
    """The items of a list or of a list of layers; None of anything else."""
    return list(value.members) if isinstance(value, ListSlot) else listed(value)


def items(value: Value) -> list[Value] | None:
    """What an index and a `for` find in a value: its members, the sizes of a shape; None where there is nothing."""
    return list(value.dims) if isinstance(value, Shape) else members(value)


def describe(value: Value) -> str:
    """What a person would call it, for messages."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
        case float():
            text = f"{value:g}"
            return f"{text}.0" if text.lstrip("-").isdigit() else text
        case int():
            return str(value)
        case Word():
            return f"the word `{value.name}`"
        case Shape():
            return shape(value.dims)
        case Tensor():
            return f"a tensor {list(value.type.shape)}"
        case WeightValue():
            return "a weight that is bound to no name"
        case BlockValue():
            return f"the block `{value.name}`"
        case OpValue():
            return f"the op `{value.op}`"
        case FunctionValue():
            return f"the fn `{value.definition.name.id}`"
        case ModelValue():
            return f"the model `{value.name}`"
        case Builtin():
            return f"the function `{value.name}`"
        case Identity():
            return "identity"
        case str():
            return f'the text "{value}"'
        case Shared():
            return "a shared layer"
        case LayerSlot():
            return f"the layer `{value.path}`"
        case ListSlot():
            return f"the list of layers `{value.path}`"
        case list():
            plain = len(value) <= 8 and all(is_number(item) for item in value)
            return f"[{', '.join(map(describe, value))}]" if plain and value else "a list"
        case tuple():
            return "several values"
        case Hole():
            return "a result"
