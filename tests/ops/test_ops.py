"""Every op, from its own examples: shapes, numpy against torch, against TorchScript and against ONNX Runtime."""

import numpy as np
import onnxruntime
import pytest
import torch
from vitc.compiler import ops
from vitc.compiler.backends import onnx
from vitc.compiler.ir.builder import Builder
from vitc.compiler.ir.types import TensorType
from vitc.compiler.ops.base import REQUIRED, TorchCall

CASES = [(name, i) for name in ops.names() for i in range(len(ops.get(name).examples()))]
BATCH = 2


def case(name, index):
    op, example = ops.get(name), ops.get(name).examples()[index]
    defaults = {p.name: p.default for p in op.params if p.default is not REQUIRED}
    return op, example, {**defaults, **example.attrs}


def operands(example, seed=0):
    rng = np.random.default_rng(seed)
    arrays = []
    for type in example.types:
        shape = ((BATCH,) if type.stage == "sample" else ()) + type.shape
        if type.dtype == "int":
            arrays.append(rng.integers(example.low, example.high, shape))
        elif type.dtype == "bool":
            arrays.append(rng.random(shape) < 0.5)
        else:
            arrays.append(rng.uniform(0.5, 2, shape) if example.positive else rng.standard_normal(shape))
    return arrays


def full_shape(type):
    return ((BATCH,) if type.stage == "sample" else ()) + type.shape


def module(op, example, attrs):
    """The printed expression as the body of a module's forward."""
    names = [f"x{i}" for i in range(len(example.types))]
    call = TorchCall(tuple(names), attrs, example.types, op.infer(example.types, attrs))
    return names, op.torch(call)


@pytest.mark.parametrize("name", ops.names())
def test_the_class_is_called_like_its_file(name):
    assert ops.get(name).name == name


@pytest.mark.parametrize(("name", "index"), [c for c in CASES if not ops.get(c[0]).random])
def test_numpy_agrees_with_torch_and_its_script(name, index, tmp_path, monkeypatch):
    op, example, attrs = case(name, index)
    arrays = operands(example)
    results = op.evaluate(arrays, attrs)
    outs = op.infer(example.types, attrs)
    assert [r.shape for r in results] == [full_shape(t) for t in outs]
    names, text = module(op, example, attrs)
    scope = {"torch": torch, "F": torch.nn.functional, "nn": torch.nn}
    tensors = [torch.from_numpy(np.asarray(a)) for a in arrays]
    given = eval(text, scope, dict(zip(names, tensors, strict=True)))  # the op's own expression
    given = given if isinstance(given, (tuple, list)) else (given,)
    assert len(given) == len(results)
    for ours, theirs in zip(results, given, strict=True):
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-12, atol=1e-12)
    if not names:
        return
    source = tmp_path / "printed.py"
    signature = ", ".join(names)
    source.write_text(
        f"import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\ndef f({signature}):\n    return {text}\n"
    )
    import importlib.util

    spec = importlib.util.spec_from_file_location(f"printed_{name}_{index}", source)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(loaded.f)(*tensors)
    scripted = scripted if isinstance(scripted, (tuple, list)) else (scripted,)
    for ours, theirs in zip(results, scripted, strict=True):
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "index"), [c for c in CASES if not ops.get(c[0]).random and ops.get(c[0]).inputs])
def test_numpy_agrees_with_onnx_runtime(name, index, tmp_path):
    op, example, attrs = case(name, index)
    builder = Builder()
    values = [builder.input(TensorType(t.shape, t.dtype, t.stage), f"x{i}") for i, t in enumerate(example.types)]
    outs = builder.add(name, values, op.infer(example.types, attrs), attrs)
    graph = builder.graph(outs, [f"y{i}" for i in range(len(outs))])
    path = tmp_path / "op.onnx"
    order = sorted(range(len(values)), key=lambda i: example.types[i].stage != "sample")
    graph = type(graph)(tuple(values[i] for i in order), graph.nodes, graph.outputs, graph.output_names)
    onnx.write(graph, {}, path, {})
    arrays = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in operands(example)]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = {f"x{i}": a for i, a in enumerate(arrays) if f"x{i}" in [x.name for x in session.get_inputs()]}
    for ours, theirs in zip(op.evaluate(arrays, attrs), session.run(None, feeds), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "index"), [c for c in CASES if ops.get(c[0]).examples()[c[1]].types])
def test_macs_are_half_of_torchs_flops(name, index):
    from torch.utils.flop_counter import FlopCounterMode

    op, example, attrs = case(name, index)
    names, text = module(op, example, attrs)
    if op.random:
        pytest.xfail("the identity at inference: nothing to count") if "self.training" not in text else None
        text = text.replace("self.training", "False")
    tensors = [torch.from_numpy(np.asarray(a)) for a in operands(example)]
    scope = {"torch": torch, "F": torch.nn.functional, "nn": torch.nn, "stochastic_depth": lambda x, rate, training: x}
    with FlopCounterMode(display=False) as counter:
        eval(text, scope, dict(zip(names, tensors, strict=True)))  # the op's own expression
    assert op.macs(example.types, attrs, op.infer(example.types, attrs)) * BATCH * 2 == counter.get_total_flops()


@pytest.mark.parametrize("name", [n for n in ops.names() if not ops.get(n).random])
def test_every_attribute_matters(name):
    """Another legal value of an attribute changes the numbers or the shape of some example, or is refused."""
    op = ops.get(name)
    for param in op.params:
        noticed = False
        for index in range(len(op.examples())):
            _, example, attrs = case(name, index)
            base = op.evaluate(operands(example), attrs)
            for other in others(param, attrs[param.name]):
                noticed = noticed or differs(op, example, {**attrs, param.name: other}, base)
        assert noticed, f"{name}.{param.name}"


def others(param, value):
    if value is None:
        return [0.3]
    if param.kind == "bool":
        return [not value]
    if param.kind == "word":
        return [c for c in param.choices if c != value]
    if param.kind == "dtype":
        return [d for d in ("float", "int") if d != value]
    if param.kind in ("pair", "ints", "axes"):
        return [tuple(v + 1 for v in value), tuple(v - 1 for v in value), tuple(reversed(value))]
    if param.kind == "pairs":
        return [tuple((b, a) for a, b in value)]
    return [value + 1, value - 1, value * 2]


def differs(op, example, attrs, base):
    try:
        outs = op.infer(example.types, attrs)
        new = op.evaluate(operands(example), attrs)
    except Exception:  # whatever it is: the change was noticed
        return True
    if [full_shape(t) for t in outs] != [n.shape for n in base]:
        return True
    return any(
        n.shape != b.shape or n.dtype != b.dtype or not np.array_equal(n, b) for n, b in zip(new, base, strict=True)
    )
