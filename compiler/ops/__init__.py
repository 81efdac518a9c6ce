"""The primitive ops: one file each, found by its name, loaded when first needed."""

from functools import cache
from importlib import import_module
from pathlib import Path

from .base import Op

_SHARED = {"__init__", "base", "kinds", "elementwise", "pools", "quotients", "rows", "sliding"}


@cache
def names() -> tuple[str, ...]:
    """The names of all ops, sorted."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _SHARED))


@cache
def get(name: str) -> Op:
    """The op of this name (one of `names()`)."""
    if name not in names():
        raise KeyError(name)
    return import_module(f"{__name__}.{name}").Definition()
