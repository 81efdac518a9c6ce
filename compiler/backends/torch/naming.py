"""Names in the printed file: those that it uses itself, and the first that is free."""

from collections.abc import Callable
from itertools import count
from keyword import iskeyword

from .helpers import FUNCTIONS

#: What printed code uses itself.
RESERVED = {"torch", "nn", "F", "Tensor", "self", "Model", "range", "math", "i", "path", "safetensors", "bool", "int", "float",
            "tuple", "list", "str", "super", "load_file", "NamedTuple", "Results", "is_scripting", *FUNCTIONS}  # fmt: skip


def safe(name: str, taken: Callable[[str], bool]) -> str:
    """A name that Python and the printed code leave free: with `_` behind it as often as it takes."""
    while iskeyword(name) or name in RESERVED or taken(name):
        name += "_"
    return name


def first_free(name: str, taken: Callable[[str], bool]) -> str:
    """The name, or the first of `name2`, `name3`, … that is not taken."""
    numbered = (f"{name}{number}" for number in count(2))
    return name if not taken(name) else next(other for other in numbered if not taken(other))
