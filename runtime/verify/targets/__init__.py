"""How the files of a backend are opened for verification: a file for each backend whose files compute numbers, of its name.

The compiler writes files and never runs them, so this half of a backend stands here, where ONNX Runtime and torch are at hand.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar, Self

from ....compiler.backends import BACKENDS, ordered
from ....compiler.ir.graph import Graph
from ....compiler.ops.base import Array
from ....compiler.plugins import Folder
from ..locate import Seen, first, watched


class Target(ABC):
    """What a backend wrote into a folder as a function of images, with the weights of the folder at first.

    `judge`: what the report calls it where it judges the others in float64 (`wide`), empty where it can't. `alone`: whether it
    gives the first output alone where several are exported; then it does not judge.
    """

    judge: ClassVar[str] = ""
    alone: ClassVar[bool] = False

    @abstractmethod
    def __init__(self, stage: Path, graph: Graph) -> None:
        """Opens the files in the folder `stage` of the model whose flat graph is `graph`."""

    @abstractmethod
    def __call__(self, images: Array) -> list[Array]:
        """Gives every output, or the first `alone`: float32 [batch, C, H, W] -> arrays [batch, …]."""

    @abstractmethod
    def use(self, weights: Mapping[str, Array]) -> None:
        """Takes other weights from now on; the files stay as they are."""

    @abstractmethod
    def seen(self, layers: Collection[str], images: Array) -> dict[str, Seen]:
        """Gives what goes into these layers and what comes out, by path, where that can be watched."""

    def wide(self) -> Self:
        """Computes in float64 from now on; only of a target that can judge."""
        raise NotImplementedError

    def first_difference(self, graph: Graph, weights: Mapping[str, Array], images: Array) -> str | None:
        """Names the first layer that gets the right numbers and makes others of them: its path, "" for the model's own text,
        None where nothing that can be watched is off."""
        layers = watched(graph)
        return first(graph, layers, self.seen(layers.keys(), images), weights, images)


TARGETS = Folder(__name__, Target)


def written(stage: Path) -> dict[str, type[Target]]:
    """Gives the targets whose files stand in a folder, in the order of the backends."""
    known = TARGETS.names()
    there = [name for name in ordered() if name in known and (stage / BACKENDS.get(name).files[0]).is_file()]
    return {name: TARGETS.get(name) for name in there}


def judging(there: Mapping[str, type[Target]], graph: Graph) -> str | None:
    """Names the one of these targets that can judge the others: it gives every output of the graph."""
    several = len(graph.outputs) > 1
    return next((name for name, kind in there.items() if kind.judge and not (kind.alone and several)), None)
