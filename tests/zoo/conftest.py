"""What the tests of the zoo share: weights for both sides, and our targets run on them."""

import importlib.util
import json
import os
import sys
import zlib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from vitc.compiler import passes
from vitc.compiler.backends import onnx, torch_source
from vitc.compiler.flatten import flatten

sys.path.insert(0, str(Path(__file__).parent))

#: What writes the residual stream: quiet in the faint draw, so that a wrong eps shows.
WRITES = ("patch_embed", "cls_token", "reg_token", "dist_token", "pos_embed", ".proj.", ".fc2.", "out_proj")
#: What writes it where each branch ends in a norm, told by the fourth one.
SANDWICH = (".norm2.", ".norm4.")
SCALES = ("gamma", "gamma_1", "gamma_2")


@pytest.fixture(scope="session")
def oracle_weights():
    """`oracle_weights(state_dict, faint)`: every entry drawn anew, zero-initialised ones too."""
    return _oracle_weights


def _oracle_weights(state, faint):
    drawn = {}
    writes = WRITES + SANDWICH if any(".norm4." in name for name in state) else WRITES
    for name, tensor in state.items():
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        value = _drawn(rng, name, tuple(tensor.shape))
        if faint and any(part in name for part in writes):
            value = value * 3e-3
        kind = np.float32 if tensor.is_floating_point() else np.int64
        drawn[name] = np.asarray(value, kind)
    return drawn


def _drawn(rng, name, shape):
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


@pytest.fixture
def targets(tmp_path):
    """`targets(program)`: what turns (weights, images) into the logits of PyTorch and of ONNX Runtime, by name."""

    def made(program):
        program = passes.local(program)
        graph = passes.apply(flatten(program), passes.GLOBAL)
        model = imported(torch_source.emit(program), tmp_path).Model().eval()
        return {"torch": lambda w, x: _torch(model, w, x), "onnx": lambda w, x: _onnx(graph, w, x, tmp_path)}

    return made


#: The modules of timm whose models the zoo is to hold.
MODULES = ("vision_transformer", "eva", "deit", "beit", "vision_transformer_relpos", "vision_transformer_hybrid",
           "vision_transformer_sam", "naflexvit", "vitamin", "deepseek_vit", "qwen3_vit", "gemma4_vit")  # fmt: skip


@pytest.fixture
def record_error(timm):
    """`record_error(model, smaller, what, error)`: adds to the file that `make zoo` names, where one is named."""
    path = Path(os.environ["VITC_ZOO_ERRORS"]) if "VITC_ZOO_ERRORS" in os.environ else None

    def record(model, smaller, what, error):
        if path is None:
            return
        empty = {"models": [name for module in MODULES for name in timm.list_models(module=module)], "errors": {}}
        found = json.loads(path.read_text()) if path.exists() else empty
        found["errors"].setdefault(model, {"smaller": smaller})[what] = error
        path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")

    return record


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
