"""The compiler from end to end, one call per arrow."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import passes
from .backends import BACKENDS, Job, needed
from .elaborate import elaborate
from .elaborate.library import Library
from .flatten import flatten, served
from .ir.graph import Graph
from .ir.program import Program
from .ops.base import Array
from .report.macs import macs
from .report.parameters import parameters

#: Which results of a model are exported besides the first, by name: what its section `export` says is not known here.
Besides = Callable[[Program], tuple[str, ...]]


def _first_alone(program: Program) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model between the front and the back: its program for printed code, the graph of what is exported for the rest."""

    program: Program
    graph: Graph
    spec_hash: str

    @property
    def params(self) -> int:
        """How many elements are trained."""
        return parameters(self.program)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return macs(self.graph)


def stages(
    library: Library, name: str, settings: Mapping[str, str] | None = None, besides: Besides = _first_alone
) -> Iterator[tuple[str, Program | Graph]]:
    """All that needs no weights, step by step: what each step made, under its name. `VitError` tells what is wrong with
    the text. A local pass runs on the bodies of the program, a global one on the flattened graph."""
    program = elaborate(library, name, settings)
    yield "elaborate", program
    for step in passes.LOCAL:
        program = passes.local(program, (step,))
        yield f"local.{step}", program
    graph = flatten(program)
    yield "flatten", graph
    graph = served(graph, besides(program))
    yield "served", graph
    for step in passes.GLOBAL:
        graph = passes.apply(graph, (step,))
        yield f"global.{step}", graph


def prepare(
    library: Library, name: str, settings: Mapping[str, str] | None = None, besides: Besides = _first_alone
) -> Compiled:
    """The model as `stages` leaves it, without the steps between; raises `VitError` likewise."""
    program, graph = lower(elaborate(library, name, settings), besides)
    return Compiled(program, graph, _spec_hash(library, name, settings or {}))


def lower(program: Program, besides: Besides = _first_alone) -> tuple[Program, Graph]:
    """Runs all passes: gives the program for printed code and the graph for the rest."""
    program = passes.local(program)
    return program, passes.apply(served(flatten(program), besides(program)), passes.GLOBAL)


def write(
    compiled: Compiled,
    weights: Mapping[str, Array],
    stage: Path,
    targets: tuple[str, ...],
    metadata: Mapping[str, str],
    done: Callable[[str], None] = lambda target: None,
    *,
    plain: bool = False,
) -> None:
    """Writes the targets, and what they need, into a folder that holds `model.safetensors` already; `done` hears of each.
    With `plain` `model.py` writes attention out."""
    job = Job(compiled.program, compiled.graph, weights, stage, metadata, plain)
    for name in needed(targets):
        BACKENDS.get(name)().write(job)
        done(name)


def _spec_hash(library: Library, name: str, settings: Mapping[str, str]) -> str:
    """Of all the text that was reached, the name of the model, and what the command line re-bound."""
    texts = sorted(module.source.text for module in library.modules.values())
    return hashlib.sha256(json.dumps([name, sorted(settings.items()), texts]).encode()).hexdigest()
