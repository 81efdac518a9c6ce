"""`model.onnx` as a target, in ONNX Runtime on the CPU."""

from collections.abc import Collection, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ....compiler.backends.onnx.writer import build, readers, write
from ....compiler.ir.graph import Graph
from ....compiler.ops.base import Array
from ...onnx_file import session
from ..locate import Seen
from . import Target

_ONNX: Any = import_module("onnx")  # its types are left open in places


class Onnx(Target):
    """A session."""

    def __init__(self, stage: Path, graph: Graph) -> None:
        self.path, self.graph = stage / "model.onnx", graph
        self.session = session(self.path)
        #: Those in use instead of the file's own.
        self.weights: Mapping[str, Array] | None = None

    def __call__(self, images: Array) -> list[Array]:
        """Gives every output."""
        feeds = {self.session.get_inputs()[0].name: images}
        return [np.asarray(y) for y in self.session.run(list(self.graph.output_names), feeds)]

    def use(self, weights: Mapping[str, Array]) -> None:
        """Writes the graph anew, as weights are part of the file."""
        del self.session
        self.weights, other = weights, self.path.with_name("unit.onnx")
        write(self.graph, readers(weights), other, {})
        try:
            self.session = session(other)
        finally:
            for file in self.path.parent.glob("unit.onnx*"):
                file.unlink()

    def seen(self, layers: Collection[str], images: Array) -> dict[str, Seen]:
        """Makes what the first node of each layer takes and the last gives further outputs of the model."""
        model = _ONNX.load(str(self.path)) if self.weights is None else build(self.graph, readers(self.weights), {})
        nodes: dict[str, list[Any]] = {}
        for node in model.graph.node:
            nodes.setdefault(node.name.partition("/")[0], []).append(node)
        ends = {layer: (nodes[layer][0].input[0], nodes[layer][-1].output[0]) for layer in layers if layer in nodes}
        public = {value.name for value in [*model.graph.input, *model.graph.output]}
        names = [*dict.fromkeys(name for pair in ends.values() for name in pair if name not in public)]
        model.graph.output.extend(_ONNX.ValueInfoProto(name=name) for name in names)
        other = self.path.with_name("watched.onnx")
        _ONNX.save(model, str(other))
        try:
            run = session(other)
            image = run.get_inputs()[0].name
            arrays = dict(zip(names, run.run(names, {image: images}), strict=True)) | {image: images}
        finally:
            other.unlink()
        return {layer: Seen(arrays[a], arrays[b]) for layer, (a, b) in ends.items()}
