"""The weights that a model starts from, by the rules of its text, without torch."""

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from ...compiler.evaluate import evaluate, refuse_nan
from ...compiler.ir.program import Draw, Program, Table, WeightSpec
from ...compiler.ir.types import STORED
from ...compiler.ops.base import Array
from ...compiler.ops.drawing import drawing
from .origin import Origin


class Initial(Mapping[str, Array]):
    """Every stored tensor of a program, float32, drawn when asked for.

    Each has a stream of its own, seeded by the seed and its name, so that adding a layer changes no other.
    """

    def __init__(self, program: Program, seed: int) -> None:
        self.specs, self.seed = program.weights(), seed

    def __getitem__(self, name: str) -> Array:
        spec = self.specs[name]
        array = _drawn(spec, stream(self.seed, name))
        return np.broadcast_to(array, spec.shape).astype(STORED[spec.dtype], order="C")

    @property
    def origin(self) -> Origin:
        """Where they come from: nowhere."""
        return Origin("drawn", seed=self.seed)

    def __iter__(self) -> Iterator[str]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers that belong to a seed and a name."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little")))


def _drawn(spec: WeightSpec, rng: np.random.Generator) -> Array:
    match spec.init:
        case Draw():
            op, attrs = drawing(spec.init)
            return op.draw(attrs, spec.shape, rng)
        case Table(graph):
            with np.errstate(all="ignore"):  # what is no number may be left out by a `where`
                (array,) = evaluate(graph, (), rng=rng)
            refuse_nan(graph.producers()[graph.outputs[0]], array)
            return array
        case float() | int():
            return np.full(spec.shape, float(spec.init))
        case _:
            raise AssertionError(spec.init)
