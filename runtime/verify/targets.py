"""The files of a compiled folder as functions from images to logits."""

import importlib.util
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ...compiler.evaluate import evaluate
from ...compiler.ir.graph import Graph
from ...compiler.ops.base import Array

Model = Callable[[Array], Array]


class Judge:
    """The model in float64, or in float32 where that would not fit into half of the free memory: `model.py`, and numpy
    where there is none."""

    def __init__(self, stage: Path, graph: Graph, weights: Mapping[str, Array]) -> None:
        import psutil

        size = sum(array.nbytes for array in map(weights.__getitem__, weights))
        self.kind = "float64" if 3 * size < psutil.virtual_memory().available / 2 else "float32"
        self.stage, self.graph, self.weights = stage, graph, weights
        self.written = (stage / "model.py").is_file()
        self.run = (
            torch_model(stage, weights, double=self.kind == "float64") if self.written else self._numpy(self.kind)
        )

    def __call__(self, images: Array) -> Array:
        """What is right."""
        return self.run(images)

    def single(self) -> Model:
        """The same in float32: how far from right one may be."""
        return torch_model(self.stage, self.weights) if self.written else self._numpy("float32")

    def _numpy(self, kind: Any) -> Model:
        weights = {name: self.weights[name] for name in self.weights}
        return lambda images: evaluate(self.graph, (images,), weights, kind)[0]


def opened(stage: Path, graph: Graph, drawn: Mapping[str, Array] | None) -> dict[str, Model]:
    """What stands in the folder, with its own weights or with `drawn`."""
    models: dict[str, Model] = {}
    if (stage / "model.py").is_file():
        models["torch"] = torch_model(stage, drawn)
    if (stage / "model.ts").is_file():
        models["torchscript"] = script_model(stage / "model.ts", drawn)
    if (stage / "model.onnx").is_file():
        models["onnx"] = onnx_model(stage / "model.onnx", graph, drawn)
    return models


def imported(path: Path) -> ModuleType:
    """A `model.py` that vitc wrote, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"vitc_model_{abs(hash(str(path)))}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torch_module(stage: Path, drawn: Mapping[str, Array] | None) -> Any:
    """`model.py` with the folder's weights or others."""
    import torch

    module = imported(stage / "model.py").Model.load(str(stage / "model.safetensors"))
    if drawn is not None:
        module.load_state_dict({name: torch.from_numpy(drawn[name]) for name in drawn})
    return module.eval()


def torch_model(stage: Path, drawn: Mapping[str, Array] | None, *, double: bool = False) -> Model:
    """PyTorch."""
    module = torch_module(stage, drawn)
    return _runner(module.double() if double else module, double=double)


def script_model(path: Path, drawn: Mapping[str, Array] | None) -> Model:
    """TorchScript; torch's word that it is deprecated is ours to know."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module: Any = torch.jit.load(str(path))
    if drawn is not None:
        module.load_state_dict({name: torch.from_numpy(drawn[name]) for name in drawn})
    return _runner(module.eval())


def _runner(module: Any, *, double: bool = False) -> Model:
    import torch

    def run(images: Array) -> Array:
        with torch.no_grad():
            x = torch.from_numpy(images)
            return module(x.double() if double else x).numpy()

    return run


def onnx_model(path: Path, graph: Graph, drawn: Mapping[str, Array] | None) -> Model:
    """ONNX Runtime on the CPU; other weights mean the graph written anew."""
    session = onnx_session(path) if drawn is None else _redrawn(path, graph, drawn)
    name = session.get_inputs()[0].name
    return lambda images: np.asarray(session.run(None, {name: images})[0])


def onnx_session(path: Path) -> Any:
    """A session on the CPU provider."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _redrawn(path: Path, graph: Graph, drawn: Mapping[str, Array]) -> Any:
    from ...compiler.backends import onnx

    other = path.with_name("unit.onnx")
    onnx.write(graph, {name: lambda name=name: drawn[name] for name in drawn}, other, {})
    try:
        return onnx_session(other)
    finally:
        for file in path.parent.glob("unit.onnx*"):
            file.unlink()
