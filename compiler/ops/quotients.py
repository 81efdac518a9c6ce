"""Base of the two ops of a division with remainder."""

from abc import ABC

from ..ir.graph import Attrs
from ..ir.types import TensorType
from .base import Example, OpError, Types
from .elementwise import Binary


class Quotient(Binary, ABC):
    """A quotient rounded down, or what it leaves. An integer divisor is known while compiling, and so is that it is not
    zero: no input or weight can make a model divide by it."""

    positive = True
    divides = True

    def infer(self, types: Types, attrs: Attrs) -> Types:
        """As of two numbers."""
        if all(t.dtype == "int" for t in types) and types[1].stage != "const":
            raise OpError(
                "the divisor of integers is known only when the model runs, and may be zero there",
                help="make one of them a float, as in `1.0 * x`: then zero gives inf or nan",
            )
        return super().infer(types, attrs)

    def examples(self) -> tuple[Example, ...]:
        """Of integers a table divides."""
        ints = Example((TensorType((3, 4), "int"), TensorType((4,), "int", "const")), low=1, high=9)
        return (*(e for e in super().examples() if any(t.dtype == "float" for t in e.types)), ints)
