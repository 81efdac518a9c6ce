"""The functions of the language that are no ops: a file for each kind, its `FUNCTIONS` by name."""

from collections.abc import Callable, Mapping

from ..arguments import Call
from ..values import Value
from . import distributions, lists, tensors

#: Every function by name.
FUNCTIONS: Mapping[str, Callable[[Call], Value]] = {
    **lists.FUNCTIONS,
    **tensors.FUNCTIONS,
    **distributions.FUNCTIONS,
}
