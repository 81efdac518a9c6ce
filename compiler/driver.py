"""The compiler from end to end, one call per arrow."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from . import ops, passes
from .elaborate import elaborate
from .elaborate.library import Library
from .flatten import flatten
from .ir.graph import Graph
from .ir.program import Program
from .ops.base import Array

TARGETS = ("torch", "torchscript", "onnx")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model between the front and the back: its program for printed code, its graph for the rest."""

    program: Program
    graph: Graph
    spec_hash: str

    @property
    def params(self) -> int:
        """Trained elements."""
        return sum(prod(spec.shape) for spec in self.program.weights().values() if spec.trainable)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one sample."""
        return sum(
            ops.get(node.op).macs(tuple(v.type for v in node.inputs), node.attrs, tuple(v.type for v in node.outputs))
            for node in self.graph.nodes
            if node.op not in ("weight", "constant")
        )


def prepare(library: Library, name: str, settings: Mapping[str, str] | None = None) -> Compiled:
    """Everything that needs no weights: `VitError` tells what is wrong with the text."""
    program = elaborate(library, name, settings)
    program = passes.local(program)
    graph = flatten(program)
    graph = passes.apply(graph, passes.GLOBAL)
    return Compiled(program, graph, _spec_hash(library, name, settings or {}))


def write(
    compiled: Compiled,
    weights: Mapping[str, Array],
    stage: Path,
    targets: tuple[str, ...],
    metadata: Mapping[str, str],
    done: Callable[[str], None] = lambda target: None,
) -> None:
    """Writes the targets into a folder that holds `model.safetensors` already; `done` hears of each."""
    source = stage / "model.py"
    if "torch" in targets or "torchscript" in targets:
        from .backends import torch_source

        source.write_text(torch_source.emit(compiled.program), encoding="utf-8")
        done("torch")
    if "torchscript" in targets:
        from .backends import torchscript

        torchscript.write(source, stage / "model.safetensors", stage / "model.ts")
        done("torchscript")
    if "onnx" in targets:
        from .backends import onnx

        readers = {name: lambda name=name: weights[name] for name in weights}
        onnx.write(compiled.graph, readers, stage / "model.onnx", metadata)
        done("onnx")


def _spec_hash(library: Library, name: str, settings: Mapping[str, str]) -> str:
    """Of all the text that was reached, the name of the model, and what the command line re-bound."""
    texts = sorted(module.source.text for module in library.modules.values())
    return hashlib.sha256(json.dumps([name, sorted(settings.items()), texts]).encode()).hexdigest()
