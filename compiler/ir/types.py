"""What is known of a tensor while compiling."""

from dataclasses import dataclass
from math import prod
from typing import Literal

DType = Literal["float", "int", "bool"]
#: How each is stored, and computed by every target, as numpy calls it.
STORED: dict[DType, str] = {"float": "float32", "int": "int64", "bool": "bool"}
#: How the reference computes each.
COMPUTED: dict[DType, str] = {"float": "float64", "int": "int64", "bool": "bool"}

#: The largest finite float32: what a number that meets the tensors of a model must stay within.
LARGEST_FLOAT = (2 - 2**-23) * 2.0**127

#: `const`: made of numbers alone, computed by the compiler. `shared`: depends on weights, not on the input: no batch
#: axis. `sample`: depends on the input: one for each sample, the batch axis outermost and never written.
Stage = Literal["const", "shared", "sample"]
STAGES: tuple[Stage, ...] = ("const", "shared", "sample")


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape, element type and origin. `shape` holds the written axes; the batch axis is never among them."""

    shape: tuple[int, ...]
    dtype: DType = "float"
    stage: Stage = "sample"

    @property
    def rank(self) -> int:
        """The number of written axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements (of one sample)."""
        return prod(map(int, self.shape))  # a count: without origins, which take time

    def __str__(self) -> str:
        dims = ", ".join(map(str, self.shape))
        return f"{self.stage} {self.dtype}[{dims}]"


def meet(types: "tuple[TensorType, ...]") -> Stage:
    """The stage of what is computed from these: the latest of theirs, `const` of nothing."""
    return STAGES[max((STAGES.index(t.stage) for t in types), default=0)]
