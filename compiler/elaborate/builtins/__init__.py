"""The functions of the language that are no ops: a file for each kind, its `FUNCTIONS` by name."""

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def table() -> dict[str, Callable[..., Any]]:
    """Every function by name."""
    from . import lists, making, shaping, weights

    return {**lists.FUNCTIONS, **making.FUNCTIONS, **shaping.FUNCTIONS, **weights.FUNCTIONS}
