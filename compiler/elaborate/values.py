"""What an expression can be worth while compiling. Numbers, booleans, None and lists are Python's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ...diagnostics.source import Span
from ...grammar import tree
from ..ir.graph import Value
from ..ir.program import Table, WeightSpec
from ..ir.types import TensorType
from .library import Module


@dataclass(frozen=True, slots=True)
class Word:
    """A word such as `token`; `choices` are the words it was chosen from."""

    name: str
    choices: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """`224x224x3`: height, width, channels; `image.h`, `image.w`, `image.c`, or an index."""

    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the body that is being written."""

    value: Value

    @property
    def type(self) -> TensorType:
        """Its type."""
        return self.value.type


@dataclass(frozen=True, slots=True, eq=False)
class BlockValue:
    """A block with some of its parameters filled in."""

    module: Module
    definition: tree.Block
    args: Mapping[str, "Setting"]

    @property
    def name(self) -> str:
        """The name of the block."""
        return self.definition.name.id

    @property
    def declared(self) -> Mapping[str, tree.Param]:
        """The parameters by name."""
        return self.module.declared(self.definition)[0]

    @property
    def bindings(self) -> Mapping[str, tree.Bind]:
        """What the block binds and a setting can bind otherwise: the names of no parameter."""
        return self.module.declared(self.definition)[1]


@dataclass(frozen=True, slots=True, eq=False)
class OpValue:
    """An op with some of its attributes filled in: a block value without text of its own."""

    op: str
    attrs: Mapping[str, Any]
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue:
    """A `fn`, its parameters not yet given."""

    module: Module
    definition: tree.Function


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function of the language itself."""

    name: str
    run: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """`identity`: gives back what it is given and makes no layer."""


@dataclass(frozen=True, slots=True, eq=False)
class WeightValue:
    """`weight(shape, init)` or `state(shape, init)`, not yet bound to a name."""

    spec: WeightSpec
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """`share(name)`: a layer that may be bound a second time; `owner` is its slot."""

    owner: Any


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A value given for a name, and where the text gives it."""

    value: Any
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Settings inside of a name whose value is not known yet; `at` is where the name stands."""

    parts: Mapping[str, "Setting"]
    at: Span


Setting = Whole | Parts

#: Where it is not known yet which words are expected: a bare name that means nothing else is one.
ANY_WORD: tuple[str, ...] = ("",)


def listed(value: Any) -> list[Any] | None:
    """The items of a list or tuple; None of anything else."""
    return list(cast("Sequence[Any]", value)) if isinstance(value, (list, tuple)) else None


#: Kinds of values that are their own key.
_PLAIN = frozenset([Word, Shape, Identity, str, bool, int, type(None)])


def key(value: Any) -> Any:
    """A hashable that is equal for values that elaborate alike: what equal layers are recognised by."""
    kind = type(value)  # type: ignore[reportUnknownVariableType] -- of any value
    if kind in _PLAIN:
        return (kind.__name__, value)
    if isinstance(value, BlockValue):
        given = ((n, key(s.value if isinstance(s, Whole) else s)) for n, s in value.args.items())
        return ("block", id(value.definition), tuple(sorted(given)))
    if isinstance(value, Whole):
        return key(value.value)
    if isinstance(value, Parts):
        return ("parts", tuple(sorted((name, key(setting)) for name, setting in value.parts.items())))
    if isinstance(value, OpValue):
        return ("op", value.op, tuple(sorted((name, key(v)) for name, v in value.attrs.items())))
    items = listed(value)
    if items is not None:
        return ("list", *map(key, items))
    if isinstance(value, Tensor):
        return ("tensor", id(value.value))
    if isinstance(value, FunctionValue):
        return ("fn", id(value.definition))
    if isinstance(value, Builtin):
        return ("builtin", value.name)
    if isinstance(value, Shared):
        return ("shared", id(value.owner))
    if isinstance(value, float):
        return ("float", value) if value == value else ("nan",)
    if isinstance(value, WeightValue) and not isinstance(value.spec.init, Table):
        return ("weight", value.spec)
    return ("object", id(value))


def describe(value: Any) -> str:
    """What a person would call it, for messages."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, Word):
        return f"the word `{value.name}`"
    if isinstance(value, Shape):
        return "x".join(map(str, value.dims))
    if isinstance(value, Tensor):
        return f"a tensor {list(value.type.shape)}"
    if isinstance(value, WeightValue):
        return "a weight"
    if isinstance(value, BlockValue):
        return f"the block `{value.name}`"
    if isinstance(value, OpValue):
        return f"the op `{value.op}`"
    if isinstance(value, FunctionValue):
        return f"the fn `{value.definition.name.id}`"
    if isinstance(value, Builtin):
        return f"the function `{value.name}`"
    if isinstance(value, str):
        return f'the text "{value}"'
    if isinstance(value, Shared):
        return "a shared layer"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, tuple):
        return "several values"
    return type(value).__name__.lower()
