"""Block values bound to names: layers, lists of them, and layers that another block hands over."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...diagnostics.source import Span
from .. import ops
from ..ir.program import Child, Layer, Lent
from ..ir.types import TensorType
from . import merging
from .values import BlockValue, OpValue, Shared

if TYPE_CHECKING:
    from .blocks import Instance


@dataclass(frozen=True, slots=True)
class Hole:
    """The place of a tensor in the results of a call."""

    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Elaborated:
    """A block run on arguments of certain types: the layer it is, and what it gives."""

    layer: Layer
    results: Any
    types: tuple[TensorType, ...]


@dataclass(eq=False)
class LayerSlot:
    """A block value bound to a name: a layer. `path` is its name in its block (`attn`, `blocks.3`); `root` is the slot of
    the block that owns the layer where this one has it by `share`."""

    instance: "Instance"
    path: str
    value: BlockValue | OpValue
    span: Span
    root: "LayerSlot | None" = None
    calls: list[Elaborated] = field(default_factory=list[Elaborated])
    op_layer: Layer | None = None
    lent: Lent | None = None
    called: bool = False
    merged: tuple[int, Layer] | None = None

    def owner(self) -> "LayerSlot":
        """The slot that owns the layer."""
        return self.root or self

    def layer(self) -> Layer | None:
        """What was made of it by its calls; None if it was never called or is another block's."""
        if self.root is not None:
            return None
        if not self.calls:
            return self.op_layer
        if self.merged is None or self.merged[0] != len(self.calls):
            self.merged = len(self.calls), merging.merge([call.layer for call in self.calls])
        return self.merged[1]


@dataclass(eq=False)
class ListSlot:
    """A list with block values in it, bound to a name: layers named by position."""

    path: str
    members: list[Any]

    def child(self) -> Child:
        """The layers, None where a place has no weights and was never called as a layer."""
        return tuple(
            m.child() if isinstance(m, ListSlot) else m.layer() if isinstance(m, LayerSlot) else None
            for m in self.members
        )


def shared(slot: LayerSlot) -> Shared:
    """The value of `share`."""
    owner = slot.owner()
    owner.lent = owner.lent or Lent(owner.path.rpartition(".")[2])
    return Shared(owner)


def makes_layer(value: Any) -> bool:
    """Whether a bound value is a layer or holds one."""
    if isinstance(value, list):
        return any(makes_layer(item) for item in value)  # type: ignore[reportUnknownVariableType] -- any list
    return isinstance(value, (BlockValue, Shared)) or (isinstance(value, OpValue) and ops.get(value.op).owns_weights)


def holds_layer(value: Any) -> bool:
    """Whether a list, or one inside it, has layers of a block as members, not block values."""
    if not isinstance(value, list):
        return False
    return any(isinstance(item, (LayerSlot, ListSlot)) or holds_layer(item) for item in value)  # type: ignore[reportUnknownVariableType] -- any list


def slots_in(slot: LayerSlot | ListSlot) -> list[LayerSlot]:
    """The layers of a name, those in lists too."""
    if isinstance(slot, LayerSlot):
        return [slot]
    return [inner for m in slot.members if isinstance(m, (LayerSlot, ListSlot)) for inner in slots_in(m)]


# ---- layers in several places ----------------------------------------------------------------------------------------


def settle(children: dict[str, Child], slots: dict[str, LayerSlot | ListSlot]) -> tuple[
    dict[str, Child], dict[str, Lent], dict[str, str]
]:  # fmt: skip
    """The children of a block with what it lends put wherever it went; then what the block itself is lent by others, and
    which of its paths are second names of which."""
    found = [slot for name in slots for slot in slots_in(slots[name])]
    lent = {slot.path: slot.root.lent for slot in found if slot.root is not None and slot.root.lent is not None}
    for path, layer in _layers(children):
        lent |= {f"{path}.{inner}": handed for inner, handed in layer.borrows.items()}
    if not lent:
        return children, {}, {}
    owned = {slot.lent: slot for slot in found if slot.root is None and slot.lent is not None}
    final = {key: slot.layer() for key, slot in owned.items()}
    placed: dict[Layer, Layer] = {}
    direct = {path: final.get(key) for path, key in lent.items()}
    made = {name: _place(child, name, direct, final, placed) for name, child in children.items()}
    made |= {path: direct[path] for path in lent if "." not in path}
    shares = {path: owned[key].path for path, key in lent.items() if key in owned and final[key] is not None}
    return made, {path: key for path, key in lent.items() if key not in owned}, shares


def _layers(children: dict[str, Child]) -> list[tuple[str, Layer]]:
    from ..ir.program import walk_children

    return [found for name, child in children.items() for found in walk_children(child, name)]


def _place(child: Child, path: str, direct: dict[str, Layer | None], final: dict[Lent, Layer | None],
           placed: dict[Layer, Layer]) -> Child:  # fmt: skip
    """A child with lent layers in their places; one object stays one."""
    if isinstance(child, tuple):
        return tuple(_place(member, f"{path}.{i}", direct, final, placed) for i, member in enumerate(child))
    if child is None:
        return direct.get(path)
    if not any(key in final for key in child.borrows.values()):
        return child
    if child not in placed:
        inner = {p: final.get(key) for p, key in child.borrows.items()}
        children = {name: _place(c, name, inner, final, placed) for name, c in child.children.items()}
        placed[child] = replace(child, children=children)
    return placed[child]
