"""Trees in which numbers stand at known places, and expressions that take the places of the numbers.

A tree is made of parts, mappings and tuples; all else is a leaf. A place is a path such as
`("bodies", 0, "nodes", 4, "attrs", "sizes", 1)`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, TypeVar, cast

Path = tuple[Any, ...]
Tree = TypeVar("Tree")


class Name(str):
    """A variable in an expression: a constructor argument, or INDEX."""

    __slots__ = ()


#: The place of a member in its list.
INDEX = Name("i")


class Text(str):
    """An expression that stands for a number; prints itself wherever a number would. `parts` are its variables, and the
    text between them."""

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> "Text":
        """The parts in order; an expression among them stands for its own."""
        made = super().__new__(cls, "".join(parts))
        made.parts = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Text) else (part,)))
        return made

    def __repr__(self) -> str:
        return str(self)

    @property
    def names(self) -> set[str]:
        """Its variables."""
        return {part for part in self.parts if isinstance(part, Name)}

    def replaced(self, change: Callable[[str], str]) -> "Text":
        """The expression with others for its variables."""
        return Text(*(change(part) if isinstance(part, Name) else part for part in self.parts))


def literal(value: Any) -> Any:
    """A value as Python writes it: infinity has no literal of its own."""
    if isinstance(value, float) and not isfinite(value):
        return Text(f'float("{value}")')
    return value


class Part:
    """A dataclass whose fields are trees."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Fixed:
    """A leaf that must be equal though it holds numbers: an axis, the way nodes are wired."""

    value: Any


@dataclass(frozen=True, slots=True)
class Members:
    """The values of one argument over the members of a list, which may be of any length."""

    values: tuple[Any, ...]


def _inside(tree: Part | Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    if isinstance(tree, Part):
        return ((field.name, getattr(tree, field.name)) for field in fields(cast(Any, tree)))
    return tree.items()


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yields each leaf of a tree with its path."""
    if isinstance(tree, (Part, Mapping)):
        inside = _inside(cast("Part | Mapping[Any, Any]", tree))
    elif isinstance(tree, tuple):
        inside = enumerate(cast("tuple[Any, ...]", tree))
    else:
        yield path, tree
        return
    for key, item in inside:
        yield from leaves(item, (*path, key))


def mapped(tree: Tree, change: Callable[[Any, Path], Any], path: Path = ()) -> Tree:
    """Makes a tree of the same form with something else in the place of each leaf."""
    value: Any = tree
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        return cast(Tree, tuple(mapped(item, change, (*path, index)) for index, item in enumerate(items)))
    if isinstance(value, (Part, Mapping)):
        inside = _inside(cast("Part | Mapping[Any, Any]", value))
        made = {key: mapped(item, change, (*path, key)) for key, item in inside}
        return cast(Tree, type(value)(**made) if isinstance(value, Part) else made)
    return change(value, path)


def varies(leaf: Any) -> bool:
    """Whether a leaf may be another in another layer of the class: a number, or a list's argument."""
    return isinstance(leaf, Members) or (isinstance(leaf, (int, float)) and not isinstance(leaf, bool))


def places(tree: Any) -> dict[Path, Any]:
    """Lists the leaves that may vary, by their paths."""
    return {path: leaf for path, leaf in leaves(tree) if varies(leaf)}


def outline(tree: Any) -> tuple[tuple[Path, Any], ...]:
    """Gives a tree without what may vary: equal for layers that can share a class."""
    return tuple((path, _kind(leaf) if varies(leaf) else leaf) for path, leaf in leaves(tree))


def _kind(leaf: object) -> type[object]:
    return type(leaf)


def filled(tree: Tree, texts: Mapping[Path, Any]) -> Tree:
    """Gives a tree with expressions in the places of its numbers."""
    return mapped(tree, lambda leaf, at: leaf.value if isinstance(leaf, Fixed) else texts.get(at, leaf))
