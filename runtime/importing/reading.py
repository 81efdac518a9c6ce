"""Configurations: JSON of others, of any size and content."""

import json
from pathlib import Path
from typing import Any

from .sheet import shown, unsayable

#: A larger configuration is refused; that of a model with 21,843 named classes has about two million bytes.
_LARGEST = 16_000_000


def read(path: Path) -> dict[str, Any]:
    """The mapping in a file; raises V0713 for what is no JSON, no mapping or too large, and for a key that is there twice."""
    try:
        if path.stat().st_size > _LARGEST:
            raise unsayable(path, f"it has more than {_LARGEST:,} bytes: no configuration has")
        found = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=lambda pairs: _mapping(pairs, path))
    except (OSError, ValueError, RecursionError) as problem:
        why = (
            problem.strerror
            if isinstance(problem, OSError)
            else "it is nested too deep"
            if isinstance(problem, RecursionError)
            else problem
        )
        raise unsayable(path, f"it can't be read as JSON: {str(why)[:200]}") from None
    if not isinstance(found, dict):
        raise unsayable(path, f"a configuration is a mapping, this is {shown(found)}")
    return found  # type: ignore[reportUnknownVariableType] -- of any kind


def _mapping(pairs: list[tuple[str, Any]], path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise unsayable(path, f"the key {shown(key)} is there twice")
        found[key] = value
    return found
