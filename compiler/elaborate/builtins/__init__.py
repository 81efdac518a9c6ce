"""The functions of the language that are no ops: a file for each kind, its `FUNCTIONS` by name."""

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def table() -> dict[str, Callable[..., Any]]:
    """Every function by name."""
    from . import drawing, lists, making, shaping, weights

    return {**drawing.FUNCTIONS, **lists.FUNCTIONS, **making.FUNCTIONS, **shaping.FUNCTIONS, **weights.FUNCTIONS}
