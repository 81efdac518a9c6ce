"""Keys of values: equal for those that elaborate alike, whatever their numbers come from."""

from collections.abc import Hashable, Mapping

from ..ir.program import Table
from .values import (
    BlockValue,
    Builtin,
    FunctionValue,
    Identity,
    OpValue,
    Parts,
    Setting,
    Shape,
    Shared,
    Tensor,
    Value,
    WeightValue,
    Whole,
    Word,
)

#: Kinds of values that are their own key.
_PLAIN = frozenset([Word, Shape, Identity, Builtin, str, bool, type(None)])


def key(value: "Value | Setting") -> Hashable:
    """A hashable that is equal for values that elaborate alike: what equal layers are recognised by."""
    kind = type(value)
    if kind in _PLAIN:
        return (kind.__name__, value)
    match value:
        case BlockValue():
            return ("block", id(value.definition), *_keys(value.args))
        case Whole():
            return key(value.value)
        case Parts():
            return ("parts", *_keys(value.parts))
        case OpValue():
            return ("op", value.op, *_keys({name: one for name, (one, _) in value.attrs.items()}))
        case list() | tuple():
            return ("list", *map(key, value))
        case Tensor():
            return ("tensor", id(value.value))
        case FunctionValue():
            return ("fn", id(value.definition))
        case Shared():
            return ("shared", id(value.owner))
        case int():
            return ("int", value)
        case float():
            return ("float", value) if value == value else ("nan",)
        case WeightValue() if not isinstance(value.spec.init, Table):
            return ("weight", value.spec)
        case _:
            return ("object", id(value))


def _keys(given: "Mapping[str, Setting] | Mapping[str, Value]") -> list[tuple[str, Hashable]]:
    """The keys of named values, whatever order they were given in."""
    return [(name, key(given[name])) for name in sorted(given)]
