"""Where two targets part: the first layer of one op whose result is not what numpy computes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...compiler.evaluate import evaluate
from ...compiler.ir.graph import Graph, Node
from ...compiler.ops.base import Array
from .targets import onnx_session, torch_module

#: How far apart, relative to the largest element, counts as different.
FAR = 1e-4


def first_difference(target: str, graph: Graph, stage: Path, weights: Mapping[str, Array], images: Array) -> str:
    """The path of the layer in a folder's file, or "" where none of its layers can be watched."""
    layers = {node.layer: node for node in graph.nodes if node.layer}
    expected = _watched(graph, layers, weights, images)
    found = _torch(stage, layers, images) if target != "onnx" else _onnx(stage / "model.onnx", layers, images)
    for path, array in expected.items():
        other = found.get(path)
        if other is None or other.shape != array.shape:
            continue
        if np.abs(other - array).max() > FAR * max(1.0, float(np.abs(array).max())):
            return path
    return ""


def _watched(graph: Graph, layers: Mapping[str, Node], weights: Mapping[str, Array], images: Array) -> dict[str, Array]:
    outputs = tuple(node.outputs[0] for node in layers.values())
    arrays = evaluate(Graph(graph.inputs, graph.nodes, outputs), (images,), weights)
    return dict(zip(layers, arrays, strict=True))


def _torch(stage: Path, layers: Mapping[str, Node], images: Array) -> dict[str, Array]:
    import torch

    module, seen = torch_module(stage, None), dict[str, Array]()

    def keep(path: str) -> Any:
        return lambda module, inputs, output: seen.setdefault(path, output.detach().numpy())

    for path, inner in module.named_modules():
        if path in layers:
            inner.register_forward_hook(keep(path))
    with torch.no_grad():
        module(torch.from_numpy(images))
    return seen


def _onnx(path: Path, layers: Mapping[str, Node], images: Array) -> dict[str, Array]:
    """The last node that each layer wrote, as a further output."""
    import onnx

    model = onnx.load(path)
    last = {node.name.partition("/")[0]: node.output[0] for node in model.graph.node}
    watched = {layer: last[layer] for layer in layers if layer in last}
    for name in watched.values():
        model.graph.output.append(onnx.ValueInfoProto(name=name))
    other = path.with_name("watched.onnx")
    onnx.save(model, str(other))
    try:
        session = onnx_session(other)
        arrays = session.run(list(watched.values()), {session.get_inputs()[0].name: images})
    finally:
        other.unlink()
    return dict(zip(watched, arrays, strict=True))
