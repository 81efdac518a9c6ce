"""What `--to` names: a backend is a file, or a folder with a front file, in this folder.

A front file imports nothing heavy: what it needs to write is imported when it writes, as commands list all backends.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..plugins import Folder

if TYPE_CHECKING:
    from ..ir.graph import Graph
    from ..ir.program import Program
    from ..ops.base import Array


@dataclass(frozen=True, slots=True)
class Job:
    """What a backend writes from: the program for printed code, the flat graph for the rest, the weights by their state-dict
    keys, and texts about the model. `folder` holds `model.safetensors`, and the files of the backends before. `plain`: `model.py`
    writes attention out."""

    program: "Program"
    graph: "Graph"
    weights: "Mapping[str, Array]"
    folder: Path
    metadata: Mapping[str, str]
    plain: bool = False


class Backend(ABC):
    """A way to write a model.

    `files`: all that it may leave in the folder. `order`: its place among the others in manifests and reports, after those of
    `needs`, which are written with it. `made_with`: the library whose version decides about the bytes.

    What it writes is compared with the others where `runtime/verify/targets` has a file of the same name.
    """

    files: ClassVar[tuple[str, ...]]
    order: ClassVar[int]
    needs: ClassVar[tuple[str, ...]] = ()
    made_with: ClassVar[str | None] = None

    @abstractmethod
    def write(self, job: Job) -> None:
        """Writes the files into the folder of the job; raises `OSError` where the disk does not take them."""


BACKENDS = Folder(__name__, Backend)


def ordered() -> tuple[str, ...]:
    """Lists the names in the order of manifests and reports."""
    return tuple(sorted(BACKENDS.names(), key=lambda name: BACKENDS.get(name).order))


def needed(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Lists the backends that are wanted, and those that they need, in their order."""
    every, todo = set[str](), list(wanted)
    while todo:
        name = todo.pop()
        every.add(name)
        todo += BACKENDS.get(name).needs
    return tuple(name for name in ordered() if name in every)
