"""Every op, from its own examples: numpy against torch, TorchScript and ONNX Runtime; shapes, MACs, attributes."""

import warnings
from dataclasses import replace
from itertools import product

import numpy as np
import onnxruntime
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from vitc.compiler import ops
from vitc.compiler.backends.onnx import writer as onnx
from vitc.compiler.ir.builder import Builder
from vitc.compiler.ir.graph import Graph
from vitc.compiler.ir.types import STAGES, TensorType
from vitc.compiler.ops.base import REQUIRED, OpError

CASES = [(name, i) for name in ops.names() for i in range(len(ops.get(name).examples()))]
#: A literal, not an expression of tensors.
LITERAL = ("number",)
#: Draw their results while a model is initialised; tests/ops/test_draws.py looks at them.
INITIAL = ("normal", "trunc_normal", "uniform")
COMPUTED = [c for c in CASES if c[0] not in (*INITIAL, *LITERAL)]


def listed(results):
    return list(results) if isinstance(results, (tuple, list)) else [results]


@pytest.mark.parametrize("name", ops.names())
def test_the_class_is_called_like_its_file(name):
    assert ops.get(name).name == name


@pytest.mark.parametrize(("name", "index"), COMPUTED)
def test_numpy_agrees_with_torch_and_its_script(make, name, index):
    case = make(name, index)
    results = case.op.evaluate(case.operands(), case.attrs)
    assert [r.shape for r in results] == [case.shape(t) for t in case.outs]
    given = listed(case.module(*case.tensors()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's word on its own format
        scripted = listed(torch.jit.script(case.module)(*case.tensors()))
    for theirs in (given, scripted):
        assert len(theirs) == len(results)
        for ours, its in zip(results, theirs, strict=True):
            # an integer operand makes torch's result float32, its default
            bar = 1e-12 if its.dtype != torch.float32 else 1e-6
            np.testing.assert_allclose(ours, np.asarray(its), rtol=bar, atol=bar)


@pytest.mark.parametrize(("name", "index"), COMPUTED)
def test_no_element_is_beyond_the_bounds(make, name, index):
    case = make(name, index)
    operands = case.operands()
    bounds = case.op.bounds([(x.min().item(), x.max().item()) for x in operands], case.attrs)
    assert bounds is not None or name not in ("add", "mul", "floordiv", "mod", "where", "cast", "permute")
    for result in case.op.evaluate(operands, case.attrs) if bounds else ():
        assert bounds and bounds[0] <= result.min() and result.max() <= bounds[1]


@pytest.mark.parametrize(("name", "index"), [c for c in CASES if c[0] not in LITERAL])
def test_shapes_and_types_are_those_of_the_meta_device(make, name, index):
    case = make(name, index)
    with torch.device("meta"):
        results = listed(case.module(*(x.to("meta") for x in case.tensors())))
    kinds = {"float": torch.float64, "int": torch.int64, "bool": torch.bool}
    for out, theirs in zip(case.outs, results, strict=True):
        assert tuple(theirs.shape) == case.shape(out)
        assert theirs.dtype == kinds[out.dtype] or (theirs.dtype, out.dtype) == (torch.float32, "float")


@pytest.mark.parametrize(("name", "index"), [c for c in COMPUTED if ops.get(c[0]).inputs])
def test_numpy_agrees_with_onnx_runtime(make, name, index, tmp_path):
    case = make(name, index)
    graph, weights = as_graph(case)
    path = tmp_path / "op.onnx"
    onnx.write(graph, {n: lambda x=x: x for n, x in weights.items()}, path, {})
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    arrays = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in case.operands()]
    given = {**dict(zip(case.names, arrays, strict=True)), "image": np.zeros((2, 1), np.float32)}
    feeds = {x.name: given[x.name] for x in session.get_inputs()}
    for ours, given in zip(case.op.evaluate(arrays, case.attrs), session.run(None, feeds), strict=True):
        theirs = np.asarray(given)
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def as_graph(case):
    """The op alone: what depends on the input is one, the rest are stored tensors."""
    builder, weights, values = Builder(), {}, []
    for name, type, array in zip(case.names, case.example.types, case.operands(), strict=True):
        if type.stage == "sample":
            values.append(builder.input(type, name))
        else:
            weights[name] = array.astype(np.float32) if array.dtype.kind == "f" else array
            attrs = {"name": name, "shape": type.shape, "trainable": True}
            values += builder.add("weight", (), (type,), attrs)
    if not builder.inputs:
        builder.input(TensorType((1,)), "image")
    outs = builder.add(case.op.name, values, case.outs, case.attrs)
    graph = builder.graph(outs, [f"y{i}" for i in range(len(outs))])
    return Graph(graph.inputs, graph.nodes, graph.outputs, graph.output_names), weights


@pytest.mark.parametrize(("name", "index"), [c for c in COMPUTED if ops.get(c[0]).examples()[c[1]].types])
def test_macs_are_half_of_torchs_flops(make, name, index):
    case = make(name, index)
    with FlopCounterMode(display=False) as counter:
        case.module(*case.tensors())
    batch = 2 if any(t.stage == "sample" for t in case.outs) else 1
    assert case.op.macs(case.example.types, case.attrs, case.outs) * batch * 2 == counter.get_total_flops()


def observed(case):
    """What an op shows of its attributes: shapes, numbers at inference, and under training numbers and running
    statistics; None where it refuses them."""
    try:
        outs = case.op.infer(case.example.types, case.attrs)
    except OpError:
        return None
    seen = list(case.op.evaluate(case.operands(), case.attrs, np.random.default_rng(0)))
    if "self.training" in case.text:
        torch.manual_seed(0)
        tensors = case.tensors()
        seen += [np.asarray(x) for x in [*listed(case.module.train()(*tensors)), *tensors]]
        case.module.eval()
    return [outs, *[(x.shape, x.dtype, x.tobytes()) for x in seen]]


@pytest.mark.parametrize("name", ops.names())
def test_every_attribute_matters(make, name):
    """Another value of an attribute changes the numbers or the shape of some example, or is refused."""
    op, numbers = ops.get(name), range(len(ops.get(name).examples()))
    for param in op.params:
        cases = [make(name, index) for index in numbers]
        noticed = any(
            observed(case) != observed(case.changed(**{param.name: other}))
            for case in cases
            for other in others(param, case.attrs[param.name])
        )
        assert noticed, f"{name}.{param.name}"


@pytest.mark.parametrize("name", ops.names())
def test_an_attribute_that_a_backend_forgets_is_noticed(make, name):
    """Some example gives every attribute another value than its default, and the default would show."""
    op = ops.get(name)
    for param in op.params:
        if param.default is REQUIRED:
            continue
        cases = [
            make(name, i) for i, e in enumerate(op.examples()) if e.attrs.get(param.name) not in (None, param.default)
        ]
        assert any(observed(case) != observed(case.changed(**{param.name: param.default})) for case in cases), (
            f"{name}.{param.name}"
        )


@pytest.mark.parametrize("name", ops.names())
def test_a_result_is_as_late_as_its_operands(make, name):
    """Whichever operand depends on weights or on the input, so does the result; or the op refuses it."""
    for index in range(len(ops.get(name).examples())):
        case = make(name, index)
        for stages in product(STAGES, repeat=len(case.example.types)):
            types = tuple(replace(type, stage=stage) for type, stage in zip(case.example.types, stages, strict=True))
            try:
                outs = case.op.infer(types, case.attrs)
            except OpError:
                continue
            latest = max(map(STAGES.index, stages), default=0)
            assert all(STAGES.index(out.stage) >= latest for out in outs), (stages, outs)


def others(param, value):
    if param.kind == "text":
        return ["n c, m c -> m n"]
    if value is None:
        return [(1, 1) if param.kind == "pair" else 0]
    if param.kind == "bool":
        return [not value]
    if param.kind == "word":
        return [c for c in param.choices if c != value]
    if param.kind == "dtype":
        return [d for d in ("float", "int", "bool") if d != value]
    if param.kind in ("pair", "ints", "axes"):
        more, less = tuple(v + 1 for v in value), tuple(v - 1 for v in value)
        low = -10 if param.minimum is None else param.minimum
        return [
            v for v in (more, less, tuple(reversed(value))) if min(v) >= low and (param.kind != "axes" or max(v) < 0)
        ]
    if param.kind == "pairs":
        return [tuple((b, a) for a, b in value)]
    low = -10 if param.minimum is None else param.minimum
    high = np.inf if param.maximum is None else param.maximum
    below = np.inf if param.below is None else param.below
    return [
        v
        for v in (value + 1, value - 1, value * 2, value / 2)
        if low <= v <= high and v < below and (param.kind != "axis" or v < 0) and type(v) is type(value)
    ]
