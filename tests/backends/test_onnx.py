"""What `model.onnx` is: the standard's operators alone, each with a CUDA kernel; the same bytes everywhere."""

import json
from pathlib import Path

import numpy as np
import onnx as library
import pytest
from onnx import TensorProto, shape_inference
from vitc.compiler import ops, passes
from vitc.compiler.backends import onnx
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import SPECS, load, loads
from vitc.compiler.flatten import flatten
from vitc.compiler.ir.builder import Builder
from vitc.compiler.ops.base import REQUIRED

KERNELS = json.loads((Path(__file__).parent / "onnx_cuda_kernels.json").read_text())["kernels"]
INITIAL = ("normal", "trunc_normal", "uniform")
SMALL = "vit 1\nmodel m = vit { image = 16x16x3, patch = 8, dim = 16, heads = 2, depth = 2, classes = 3 }\n"


def built(text_or_path, name="m", settings=None):
    """The ONNX model of a spec, with weights that are drawn."""
    found = loads(text_or_path) if isinstance(text_or_path, str) else load(text_or_path)
    program = passes.local(elaborate(found, name, settings))
    graph = passes.apply(flatten(program), passes.GLOBAL)
    rng = np.random.default_rng(0)
    weights = {n: rng.standard_normal(s.shape).astype(np.float32) for n, s in program.weights().items()}
    return onnx.build(graph, {n: lambda x=x: x for n, x in weights.items()}, {})


def without_kernel(model) -> list[str]:
    """The nodes that CUDA would leave to the CPU: no kernel of this version, or not of this type."""
    model = shape_inference.infer_shapes(model, strict_mode=True)
    types = {v.name: v.type.tensor_type.elem_type for v in [*model.graph.value_info, *model.graph.input]}
    types |= {x.name: x.data_type for x in model.graph.initializer}
    found = []
    for node in model.graph.node:
        version = library.defs.get_schema(node.op_type, onnx.OPSET).since_version
        kernel = KERNELS.get(node.op_type, {"versions": [], "types": []})
        fits = any(a == version or (b is not None and a <= version <= b) for a, b in kernel["versions"])
        own = {TensorProto.DataType.Name(types[n]).lower() for n in operands(node)}
        if not fits or not own <= set(kernel["types"]):
            found.append(f"{node.op_type}-{version} of {sorted(own)}")
    return found


def operands(node):
    """The inputs that the kernel's type speaks of: not shapes, axes or indices."""
    kept = [name for name in node.input if name]
    aside = {
        "Gather",
        "GatherElements",
        "Reshape",
        "Expand",
        "Split",
        "Squeeze",
        "Unsqueeze",
        "Slice",
        "Resize",
        "Pad",
        "Tile",
    }
    if node.op_type in aside or node.op_type.startswith("Reduce"):
        return kept[:1]
    return kept[1:] if node.op_type == "Where" else kept


@pytest.mark.parametrize("name", [n for n in ops.names() if n not in INITIAL and ops.get(n).inputs])
def test_every_operator_of_an_op_has_a_cuda_kernel(name):
    op = ops.get(name)
    for example in op.examples():
        builder, weights, values = Builder(), {}, []
        for i, type in enumerate(example.types):
            if type.stage == "sample":
                values.append(builder.input(type, f"x{i}"))
            else:
                weights[f"x{i}"] = np.ones(type.shape, {"float": np.float32, "int": np.int64, "bool": bool}[type.dtype])
                values += builder.add("weight", (), (type,), {"name": f"x{i}", "shape": type.shape, "trainable": True})
        if not builder.inputs:
            continue  # computed while writing
        attrs = {**{p.name: p.default for p in op.params if p.default is not REQUIRED}, **example.attrs}
        outs = builder.add(name, values, op.infer(example.types, attrs), attrs)
        graph = builder.graph(outs, [f"y{i}" for i in range(len(outs))])
        assert without_kernel(onnx.build(graph, {n: lambda x=x: x for n, x in weights.items()}, {})) == []


@pytest.mark.parametrize("path", sorted((SPECS / "zoo").glob("*.vit")), ids=lambda p: p.stem)
def test_every_operator_of_the_bundled_models_has_a_cuda_kernel(path):
    """The smallest model of every file, of one block where its depth is a parameter."""
    found = load(path)
    sizes = {}
    for name in found.models():
        program = elaborate(found, name)
        sizes[name] = sum(int(np.prod(s.shape)) for s in program.weights().values())
    name = min(sizes, key=sizes.get)
    model = built(path, name)
    assert without_kernel(model) == []
    assert {o.domain for o in model.opset_import} == {""}
