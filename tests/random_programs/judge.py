"""Runs one program everywhere and compares: numpy in float64 judges numpy, PyTorch, TorchScript and ONNX Runtime."""

import linecache
import sys
import types
import warnings
from math import prod, sqrt
from unittest.mock import patch

import numpy as np
import onnx as onnx_library
import onnxruntime
import torch
from vitc.compiler import evaluate as evaluation
from vitc.compiler import passes
from vitc.compiler.backends.onnx import writer as onnx
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.compiler.evaluate import evaluate
from vitc.compiler.flatten import flatten
from vitc.compiler.ir.program import Draw, Table
from vitc.runtime.verify.modules import wide

BATCH = 2
#: Further from float64 than this, a program says nothing about its targets.
ILL = 1e-3


class IllConditioned(Exception):
    """A rounding of the weights moves the result too far: discontinuous or badly scaled."""


def check(text: str) -> set[str]:
    """The ops that a program was made of; raises `AssertionError` where two targets differ."""
    program = elaborate(loads(text), "m")
    raw = passes.apply(flatten(program), ("dead",))  # draws of initialisers go
    weights = drawn(program)
    image = np.random.default_rng(1).standard_normal((BATCH, *raw.inputs[0].type.shape))
    image = image.astype(np.float32)
    with np.errstate(all="ignore"):
        expected = evaluate(raw, (image,), weights)
        bars = tolerances(raw, image, weights, expected)
    small = passes.local(program)
    graph = passes.apply(flatten(small), passes.GLOBAL)
    same("passes", evaluate(graph, (image,), weights), expected, [1e-9 * np.abs(e).max() + 1e-9 for e in expected])
    state, several = {name: torch.from_numpy(value) for name, value in weights.items()}, len(expected) > 1
    model = module(torch_source.source(small, graph.names if several else ())).Model()
    model.load_state_dict(state)
    results = trained_and_run(model, torch.from_numpy(image), len(expected))
    same("torch in float64", in_float64(model, image), expected, bars)
    # as in `verify`: where float32 takes PyTorch itself far away the program says nothing; four times of it is allowed to others
    lost = [float(np.abs(r - e).max()) for r, e in zip(results["torch"], expected, strict=True)]
    if any(error > 10 * bar for error, bar in zip(lost, bars, strict=True)):
        raise IllConditioned
    bars = [max(bar, 4 * error) for bar, error in zip(bars, lost, strict=True)]
    same("torchscript", results["torchscript"], expected, bars)
    if any(node.op == "attention" for node in graph.nodes):
        plain = module(torch_source.source(small, graph.names if several else (), plain=True)).Model().eval()
        plain.load_state_dict(state)
        same("attention written out, in float64", in_float64(plain, image), expected, bars)
    if several:
        served = module(torch_source.source(small)).Model()
        served.load_state_dict(state)
        one = trained_and_run(served, torch.from_numpy(image), 1)
        same("torch, the first result", one["torch"], expected[:1], bars[:1])
        same("torchscript, the first result", one["torchscript"], expected[:1], bars[:1])
    same("onnx", in_onnx_runtime(graph, weights, image), expected, bars)
    return {node.op for g in (raw, graph, *initialisers(program)) for node in g.nodes} | kinds(program)


def drawn(program) -> dict[str, np.ndarray]:
    """Matrices N(0, 1 / fan-in), everything else around 1 or 0, running variances in [0.5, 2]."""
    rng, found = np.random.default_rng(0), {}
    for name, spec in program.weights().items():
        value = rng.standard_normal(spec.shape)
        value = value / sqrt(prod(spec.shape[1:])) if len(spec.shape) > 1 else 0.2 * value + float(spec.init == 1.0)
        value = rng.uniform(0.5, 2, spec.shape) if name.endswith("running_var") else value
        found[name] = np.zeros(spec.shape, np.int64) if spec.dtype == "int" else np.asarray(value, np.float32)
    return found


def tolerances(graph, image, weights, expected) -> list[float]:
    """16 times the error of numpy in float32, or twice what shaking image, weights and every result between by ten roundings
    does; 1e-5 at least."""
    rng, exact = np.random.default_rng(2), evaluation._as

    def shaken(array, dtype):
        array = exact(array, dtype)
        return (
            array * (1 + 1e-6 * rng.standard_normal(array.shape)) if array.dtype.kind == "f" and array.ndim else array
        )

    others = [(16, evaluate(graph, (image,), weights, "float32"))]
    with patch.object(evaluation, "_as", shaken):
        others += [(2, evaluate(graph, (image,), weights)) for _ in range(8)]
    bars = []
    for i, value in enumerate(expected):
        scale = max(1.0, float(np.abs(value).max()))
        error = max(times * float(np.abs(other[i] - value).max()) for times, other in others)
        if not error < ILL * scale:
            raise IllConditioned
        bars.append(max(1e-5 * scale, error))
    return bars


def same(target, outputs, expected, bars) -> None:
    assert len(outputs) == len(expected), target
    for ours, value, bar in zip(outputs, expected, bars, strict=True):
        assert np.shape(ours) == np.shape(value), (target, np.shape(ours), np.shape(value))
        error = float(np.abs(np.asarray(ours, np.float64) - value).max())
        assert error <= bar, f"{target}: {error:.3g} from float64, {bar:.3g} allowed"


def module(text: str) -> types.ModuleType:
    """A text as a module whose source torch finds again, without a file."""
    name = "<random program>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    made = types.ModuleType("random_program")
    made.__file__ = name
    sys.modules["random_program"] = made
    exec(compile(text, name, "exec"), made.__dict__)  # our own output
    return made


def trained_and_run(model, image, count) -> dict[str, list[np.ndarray]]:
    """A step of training in both forms, from the same statistics; then the results of inference."""
    state = {name: value.clone() for name, value in model.state_dict().items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's word on TorchScript
        scripted = torch.jit.script(model)
    found = {}
    for name, form in (("torch", model), ("torchscript", scripted)):
        form.train()
        # the image wants a gradient too: torch 2.13 crashes in GroupNorm's backward on a channels-last one that does not
        result = form(image.clone().requires_grad_())
        loss = sum((x.sum() for x in (result if isinstance(result, tuple) else (result,))), torch.zeros(()))
        if loss.requires_grad:
            loss.backward()
        model.load_state_dict(state)
        form.eval()
        with torch.no_grad():
            outputs = form(image)
        found[name] = [x.detach().numpy() for x in (outputs if count > 1 else (outputs,))]
    return found


def in_float64(model, image) -> list[np.ndarray]:
    with torch.no_grad(), wide():
        outputs = model.double()(torch.from_numpy(image).double())
    return [x.numpy() for x in (outputs if isinstance(outputs, tuple) else (outputs,))]


def in_onnx_runtime(graph, weights, image) -> list[np.ndarray]:
    model = onnx.build(graph, {name: lambda x=x: x for name, x in weights.items()}, {})
    onnx_library.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    one, both = ([np.asarray(y) for y in session.run(None, {"image": x})] for x in (image[:1], image))
    for a, b in zip(one, both, strict=True):
        np.testing.assert_allclose(a, b[:1], rtol=1e-4, atol=1e-4)
    return both


def initialisers(program):
    return [s.init.graph for s in program.weights().values() if isinstance(s.init, Table)]


def kinds(program):
    """The distributions that weights are drawn from."""
    return {s.init.kind for s in program.weights().values() if isinstance(s.init, Draw)}
