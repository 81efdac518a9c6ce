"""What `model.onnx` is: the standard's operators alone, each with a CUDA kernel; the same bytes everywhere."""

import json
import os
import subprocess
import sys
from math import prod
from pathlib import Path

import numpy as np
import onnx as library
import onnxruntime
import pytest
from onnx import TensorProto, shape_inference
from vitc.compiler import ops, passes
from vitc.compiler.backends.onnx import writer as onnx
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load, loads
from vitc.compiler.evaluate import evaluate
from vitc.compiler.flatten import flatten
from vitc.compiler.ir.builder import Builder
from vitc.compiler.ops.base import REQUIRED
from vitc.diagnostics import VitError

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


def elements(program):
    return sum(prod(spec.shape) for spec in program.weights().values())


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
    smallest = min(found.models(), key=lambda name: elements(elaborate(found, name)))
    try:
        model = built(path, smallest, {"depth": "1"})
    except VitError:  # its depth is not a number, or its text counts on it
        model = built(path, smallest)
    assert without_kernel(model) == []
    assert {o.domain for o in model.opset_import} == {""}


def parts(text=SMALL, name="m"):
    """The graph of a model and weights for it."""
    program = passes.local(elaborate(loads(text), name))
    graph = passes.apply(flatten(program), passes.GLOBAL)
    rng = np.random.default_rng(0)
    weights = {n: rng.standard_normal(s.shape).astype(np.float32) for n, s in program.weights().items()}
    return graph, {n: lambda x=x: x for n, x in weights.items()}


def run(path, images):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["logits"], {"image": images})[0])


def test_the_interface_is_as_promised(tmp_path):
    onnx.write(*parts(), tmp_path / "m.onnx", {"spec": "x"})
    model = library.load(tmp_path / "m.onnx")
    library.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 23)]
    (image,), (logits,) = model.graph.input, model.graph.output
    shapes = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in (image, logits)]
    assert (image.name, logits.name) == ("image", "logits")
    assert shapes == [["batch", 3, 16, 16], ["batch", 3]]
    assert {v.type.tensor_type.elem_type for v in (image, logits)} == {TensorProto.FLOAT}
    names = {node.name for node in model.graph.node}
    assert "blocks.1.attn.qkv/MatMul" in names and len(names) == len(model.graph.node)
    for batch in (1, 2, 7):
        assert run(tmp_path / "m.onnx", np.zeros((batch, 3, 16, 16), np.float32)).shape == (batch, 3)


def test_a_large_model_has_its_tensors_in_a_file_beside_it(tmp_path):
    images = np.random.default_rng(1).standard_normal((2, 3, 16, 16)).astype(np.float32)
    onnx.write(*parts(), tmp_path / "one.onnx", {})
    onnx.write(*parts(), tmp_path / "two.onnx", {}, limit=1000)
    assert not (tmp_path / "one.onnx.data").exists()
    assert (tmp_path / "two.onnx.data").stat().st_size > 4 * (tmp_path / "two.onnx").stat().st_size / 10
    library.checker.check_model(str(tmp_path / "two.onnx"), full_check=True)
    np.testing.assert_array_equal(run(tmp_path / "one.onnx", images), run(tmp_path / "two.onnx", images))


def test_tensors_are_read_one_at_a_time(tmp_path):
    """While one is read no other is alive: what the reader gave last is gone."""
    import weakref

    graph, readers = parts()
    alive: list[weakref.ref] = []

    def watched(read):
        def give():
            assert not any(ref() is not None for ref in alive)
            array = read().copy()
            alive.append(weakref.ref(array))
            return array

        return give

    onnx.write(graph, {n: watched(r) for n, r in readers.items()}, tmp_path / "m.onnx", {}, limit=1000)
    assert len(alive) >= len(readers)


@pytest.mark.slow
def test_a_model_beyond_protobuf_runs(tmp_path):
    """Two layers of 16,384 x 16,384: 2.1 GB."""
    text = """
vit 1
block net(image: shape = 1x1x16384) {
  a = linear(16384)
  b = linear(16384)
  forward(image: [16384, 1, 1]) { return b(a(rearrange(image, "c h w -> (c h w)"))) }
}
model m = net
"""
    program = passes.local(elaborate(loads(text.strip() + "\n"), "m"))
    graph = passes.apply(flatten(program), passes.GLOBAL)

    def reader(shape):
        return lambda: np.full(shape, 2.0**-14, np.float32)

    onnx.write(graph, {n: reader(s.shape) for n, s in program.weights().items()}, tmp_path / "m.onnx", {})
    assert (tmp_path / "m.onnx.data").stat().st_size > 2**31
    result = run(tmp_path / "m.onnx", np.ones((1, 16384, 1, 1), np.float32))
    np.testing.assert_allclose(result, 1 + 2 * 2.0**-14, rtol=1e-5)


WRITE = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_onnx
from vitc.compiler.backends.onnx import writer as onnx
onnx.write(*test_onnx.parts(), Path("m.onnx"), {{}}, limit=int(sys.argv[1]))
"""


@pytest.mark.parametrize("limit", ["1000", "1000000000"])
def test_the_bytes_are_the_same_in_any_folder_and_hash_seed_and_hold_no_path(tmp_path, limit):
    found = []
    for seed in ("1", "2"):
        folder = tmp_path / f"folder{seed}"
        folder.mkdir()
        text = WRITE.format(tests=str(Path(__file__).parent))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", text, limit], cwd=folder, env=environment, check=True)
        found.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert found[0] == found[1]
    assert all(str(tmp_path).encode() not in data for data in found[0].values())


def test_names_of_the_text_and_of_the_file_stay_apart(tmp_path):
    text = """
vit 1
block net(image: shape = 1x2x3) {
  logits = weight([3], normal(1.0))
  constant_0 = weight([3], normal(1.0))
  forward(image: [3, 1, 2]) { return mean(image, axis = [-1, -2]) * logits * 2.0 + constant_0 + 3.0 }
}
model m = net
"""
    graph, readers = parts(text.strip() + "\n")
    onnx.write(graph, readers, tmp_path / "m.onnx", {})
    images = np.ones((1, 3, 1, 2), np.float32)
    expected = readers["logits"]() * 2 + readers["constant_0"]() + 3
    np.testing.assert_allclose(run(tmp_path / "m.onnx", images)[0], expected, rtol=1e-6)


def test_writing_onnx_imports_no_torch(tmp_path):
    text = """
import sys
from pathlib import Path
from vitc.compiler.driver import prepare
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load
from vitc.compiler.backends.onnx import writer as onnx
import numpy as np
compiled = prepare(load(SPECS / "zoo" / "vit.vit"), "vit_base_patch16_224")
shapes = {n: s.shape for n, s in compiled.program.weights().items()}
onnx.write(compiled.graph, {n: lambda s=s: np.zeros(s, np.float32) for n, s in shapes.items()}, Path("m.onnx"), {})
assert not {"torch", "onnxruntime"} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", text], cwd=tmp_path, check=True)


@pytest.mark.parametrize(
    "pool",
    [
        "avg_pool(pad(x, [[0, 1]]), 2, stride = 1, padding = 1)",
        "avg_pool(pad(x, [[2, 2]]), 2)",
        "avg_pool(pad(x, [[1, 1], [1, 1]]), 3, stride = 2, ceil = true)",
        "avg_pool(pad(x, [[1, 1], [1, 1]]), 3, stride = 2, count_pad = false)",
        "max_pool(pad(x, [[2, 2], [1, 1]]), 2, stride = 1, padding = 1)",
    ],
)
def test_a_pool_after_padding_runs(pool, tmp_path):
    """ONNX Runtime moves a Pad into the pool behind it, and refuses to load what comes of it."""
    text = f"""vit 1
block net(image: shape = 6x5x3) {{
  forward(image: [3, 6, 5]) {{
    x = image * 1.5
    return mean({pool}, axis = [-2, -1])
  }}
}}
model m = net
"""
    graph = passes.apply(flatten(elaborate(loads(text), "m")), passes.GLOBAL)
    onnx.write(graph, {}, tmp_path / "m.onnx", {})
    image = np.random.default_rng(0).standard_normal((2, 3, 6, 5)).astype(np.float32)
    np.testing.assert_allclose(run(tmp_path / "m.onnx", image), evaluate(graph, (image,))[0], atol=1e-6)
