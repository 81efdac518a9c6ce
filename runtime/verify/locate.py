"""Where a target parts from what is right: the first layer that gets the right numbers and makes others of them."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ...compiler.evaluate import evaluate
from ...compiler.ir.graph import Graph, Node, Value
from ...compiler.ops.base import Array
from ..onnx_file import session
from .judge import error
from .targets import TorchModel, readers, script_module, tensors, torch_module

#: How far apart, relative to the largest element, counts as different.
FAR = 3e-5


class _Seen(NamedTuple):
    """What went into a layer and what came out."""

    taken: Array
    given: Array


def first_difference(
    target: str, graph: Graph, stage: Path, weights: Mapping[str, Array], images: Array, *, own: bool
) -> str | None:
    """The path of the layer, "" for the model's own text, None where nothing that can be watched is off. `own`: the
    weights are those of the folder's files, which are left as they are."""
    if target == "torchscript":
        return _script(stage, None if own else weights, images)
    layers = {node.layer: node for node in graph.nodes if node.layer and node.inputs[0].type.stage == "sample"}
    right = _right(graph, layers, weights, images)
    if target == "torch":
        found = _torch(stage, layers, weights, images)
    else:
        found = _onnx(stage / "model.onnx", graph, layers, None if own else weights, images)
    makers = graph.producers()
    for path, node in layers.items():
        if path not in found:
            continue
        if _far(found[path].taken, right[node.inputs[0]]):
            maker = makers.get(node.inputs[0])
            return "" if maker is None else maker.origin.layer
        if _far(found[path].given, right[node.outputs[0]]):
            return path
    last = makers.get(graph.outputs[0])
    return None if last is None or last.layer in found else last.origin.layer


def _far(found: Array, right: Array) -> bool:
    return found.size == right.size and error(found.reshape(right.shape), right) > FAR


def _right(graph: Graph, layers: Mapping[str, Node], weights: Mapping[str, Array], images: Array) -> dict[Value, Array]:
    """What goes into every layer and comes out of it, in numpy."""
    watched = tuple({value for node in layers.values() for value in (node.inputs[0], node.outputs[0])})
    arrays = evaluate(Graph(graph.inputs, graph.nodes, watched), (images,), weights)
    return dict(zip(watched, arrays, strict=True))


def _torch(stage: Path, layers: Mapping[str, Node], weights: Mapping[str, Array], images: Array) -> dict[str, _Seen]:
    """What the modules of `model.py` take and give."""
    model, seen = TorchModel(torch_module(stage)), dict[str, _Seen]()
    model.use(weights)

    def watch(path: str, module: Any) -> None:
        def hook(_: Any, args: Any, output: Any) -> None:
            seen.setdefault(path, _Seen(args[0].numpy(), output.numpy()))

        module.register_forward_hook(hook)

    for path, module in model.module.named_modules():
        if path in layers:
            watch(path, module)
    model(images)
    return seen


def _script(stage: Path, drawn: Mapping[str, Array] | None, images: Array) -> str | None:
    """Each module of the script alone, on what the module of `model.py` got."""
    model, script = TorchModel(torch_module(stage)), TorchModel(script_module(stage))
    if drawn is not None:
        model.use(drawn)
        script.use(drawn)
    parts, wrong = dict(script.module.named_modules()), list[str]()

    def watch(path: str, module: Any) -> None:
        def hook(_: Any, args: Any, kwargs: Any, output: Any) -> None:
            again = parts[path](*args, **kwargs)
            pairs = zip(tensors(again), tensors(output), strict=True)
            if any(_far(mine.numpy(), theirs.numpy()) for mine, theirs in pairs):
                wrong.append(path)

        module.register_forward_hook(hook, with_kwargs=True)

    for path, module in model.module.named_modules():
        watch(path, module)
    model(images)
    return wrong[0] if wrong else None


def _onnx(
    path: Path, graph: Graph, layers: Mapping[str, Node], drawn: Mapping[str, Array] | None, images: Array
) -> dict[str, _Seen]:
    """What the nodes of each layer take and give, as further outputs."""
    from ...compiler.backends import onnx as backend

    onnx: Any = import_module("onnx")  # its types are left open in places
    model = onnx.load(str(path))
    if drawn is not None:
        model = backend.build(graph, readers(drawn), {})
    nodes: dict[str, list[Any]] = {}
    for node in model.graph.node:
        nodes.setdefault(node.name.partition("/")[0], []).append(node)
    ends = {layer: (nodes[layer][0].input[0], nodes[layer][-1].output[0]) for layer in layers if layer in nodes}
    public = {value.name for value in [*model.graph.input, *model.graph.output]}
    names = [*dict.fromkeys(name for pair in ends.values() for name in pair if name not in public)]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    other = path.with_name("watched.onnx")
    onnx.save(model, str(other))
    try:
        run = session(other)
        image = run.get_inputs()[0].name
        arrays = dict(zip(names, run.run(names, {image: images}), strict=True)) | {image: images}
    finally:
        other.unlink()
    return {layer: _Seen(arrays[a], arrays[b]) for layer, (a, b) in ends.items()}
