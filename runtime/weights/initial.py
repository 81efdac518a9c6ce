"""The weights that a model starts from, by the rules of its text, without torch."""

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from ...compiler.evaluate import evaluate, refuse_nan
from ...compiler.ir.program import Draw, Program, Table, WeightSpec
from ...compiler.ops.base import Array
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
        kind = {"float": np.float32, "int": np.int64, "bool": np.bool_}[spec.dtype]
        return np.broadcast_to(array, spec.shape).astype(kind, order="C")

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
        case Draw("uniform", (low, high)):
            return rng.uniform(low, high, spec.shape)
        case Draw("normal", (std,)):
            return std * rng.standard_normal(spec.shape)
        case Draw("trunc_normal", (std,)):
            return std * truncated(rng, spec.shape)
        case Table(graph):
            with np.errstate(all="ignore"):  # what is no number may be left out by a `where`
                (array,) = evaluate(graph, (), rng=rng)
            refuse_nan(graph.producers()[graph.outputs[0]], array)
            return array
        case float() | int():
            return np.full(spec.shape, float(spec.init))
        case _:
            raise AssertionError(spec.init)


def truncated(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A standard normal distribution cut at two, by drawing again what lies outside."""
    x = rng.standard_normal(shape)
    while (outside := np.abs(x) > 2).any():
        x[outside] = rng.standard_normal(int(outside.sum()))
    return x
