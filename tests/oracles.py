"""What tests against another library share: weights for both sides, and our targets run on them."""

import importlib.util

import numpy as np
import onnxruntime
from vitc.compiler import passes
from vitc.compiler.backends.onnx import writer as onnx
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.flatten import flatten

SCALES = ("gamma", "gamma_1", "gamma_2")


def drawn(rng, name, shape):
    """The values of one entry of a state dict: matrices N(0, 1/fan-in), gains 1 +- 0.2, the rest 0.2."""
    last = name.split(".")[-1]
    if last == "running_var":
        return rng.uniform(0.5, 2, shape)
    if last.endswith(("_min", "_max")):  # the limits of a clamp, in their order
        return (1.0 if last.endswith("_max") else -1.0) * rng.uniform(0.5, 2, shape)
    if last in SCALES:
        return 0.5 + 0.1 * rng.standard_normal(shape)
    if len(shape) == 1 and last == "weight":
        return 1 + 0.2 * rng.standard_normal(shape)
    if len(shape) <= 1 or name.endswith(("token", "pos_embed")):
        return 0.2 * rng.standard_normal(shape)
    return rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))


def targets(program, folder):
    """What turns (weights, images) into the logits of PyTorch and of ONNX Runtime, by name; `folder` takes their files."""
    program = passes.local(program)
    graph = passes.apply(flatten(program), passes.GLOBAL)
    model = imported(torch_source.emit(program), folder).Model().eval()
    return {"torch": lambda w, x: _torch(model, w, x), "onnx": lambda w, x: _onnx(graph, w, x, folder)}


def imported(text, folder):
    """A written `model.py` as a module."""
    (folder / "model.py").write_text(text)
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _torch(model, weights, images):
    import torch

    model.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()}, strict=True)
    with torch.no_grad():
        found = model(torch.from_numpy(images))
    return (found[0] if isinstance(found, tuple) else found).numpy()


def _onnx(graph, weights, images, folder):
    path = folder / "model.onnx"
    onnx.write(graph, {k: lambda v=v: v for k, v in weights.items()}, path, {})
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"image": images})[0]
