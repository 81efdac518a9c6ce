"""Passes keep the numbers; attention is recognised however it is written; the verifier sees what is broken."""

from dataclasses import replace

import numpy as np
import onnx as onnx_library
import onnxruntime
import pytest
from vitc.compiler import passes
from vitc.compiler.backends.onnx import writer as onnx
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.compiler.evaluate import evaluate
from vitc.compiler.flatten import flatten
from vitc.compiler.ir.builder import Builder
from vitc.compiler.ir.types import TensorType
from vitc.compiler.passes import verifier

#: What stands in `forward` between q, k, v [H, N, C] and the result y.
SPELLINGS = {
    "scale on q": "y = softmax((q * C ** -0.5) @ transpose(k)) @ v",
    "scale on k": "y = softmax(q @ transpose(k / sqrt(C))) @ v",
    "scale before, on the transposed key": "y = softmax(q @ (transpose(k) * 0.3)) @ v",
    "scale on the scores": "y = softmax(q @ transpose(k) / sqrt(C)) @ v",
    "scale from the left": "y = softmax(0.25 * (q @ transpose(k))) @ v",
    "scale as a power": "y = softmax(q @ transpose(k) * C ** -0.5) @ v",
    "no scale": "y = softmax(q @ transpose(k)) @ v",
    "bias": "y = softmax(q @ transpose(k) / sqrt(C) + table) @ v",
    "bias from the left, scaled after": "y = softmax((table + q @ transpose(k)) * 0.5) @ v",
    "mask": 'y = softmax(q @ transpose(k) / sqrt(C) + where(rearrange(arange(N), "n -> n 1") >= arange(N), 0.0, -100.0)) @ v',
    "bias and mask": "y = softmax(q @ transpose(k) / sqrt(C) + table + where(arange(N) > 2, 0.0, -100.0)) @ v",
    "normed q and k": "y = softmax(qn(q) @ transpose(kn(k)) * 0.25) @ v",
    "rotated q and k": "y = softmax((rotate(q, true) * sin(arange(C) + 1.0)) @ transpose(rotate(k, true)) * 0.2) @ v",
    "dropout": "y = dropout(softmax(q @ transpose(k) / sqrt(C)), 0.1) @ v",
    "one head": 'y = rearrange(softmax(q[0] @ transpose(k[0]) / sqrt(C)) @ v[0], "n c -> 1 n c")',
    "the function of std": "y = attend(q, k, v, bias = table)",
    "key transposed with its heads": 'y = softmax(q @ rearrange(k, "h n c -> h c n") * 0.1) @ v',
}
#: Not attention, or read by more than one.
OTHERS = {
    "talking heads": 's = rearrange(mix(rearrange(q @ transpose(k), "h n m -> n m h")), "n m h -> h n m")\n y = softmax(s) @ v',
    "softmax over queries": "y = softmax(q @ transpose(k), axis = -2) @ v",
    "the weights are read twice": "a = softmax(q @ transpose(k))\n y = a @ v + mean(a, axis = -1, keep = true)",
    "softmax after the heads": "y = softmax(q @ transpose(k) @ v)",
    "scaled by a tensor per key": "y = softmax(q @ transpose(k) * sum(table, axis = -2, keep = true)) @ v",
}


def model(text: str):
    return elaborate(
        loads(f"""vit 1
use "rope.vit"
block net(image: shape = 8x8x3, heads = 2, C = 8, N = 16) {{
  embed = patch_embed(2, 3 * heads * C)
  qn = layernorm
  kn = layernorm
  mix = linear(heads)
  table = weight([heads, N, N], normal(1.0))
  head = linear(5)
  forward(image: [3, 8, 8]) {{
    q, k, v = [split_heads(t, heads) for t in split(embed(image), 3)]
    {text}
    return head(mean(merge_heads(y), axis = -2))
  }}
}}
model m = net
"""),
        "m",
    )


def drawn(program):
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(spec.shape).astype(np.float32) for name, spec in program.weights().items()}


def session(graph, weights, path, optimised):
    onnx.write(graph, {name: lambda x=x: x for name, x in weights.items()}, path, {})
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(optimised)
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", [*SPELLINGS, *OTHERS])
def test_attention_is_recognised_and_the_numbers_stay(name, tmp_path):
    program = model({**SPELLINGS, **OTHERS}[name])
    weights, count = drawn(program), int(name in SPELLINGS)
    image = np.random.default_rng(1).standard_normal((2, 3, 8, 8)).astype(np.float32)
    (expected,) = evaluate(flatten(program), (image,), weights)
    graph = passes.apply(flatten(passes.local(program)), passes.GLOBAL)
    assert [node.op for node in graph.nodes].count("attention") == count
    (ours,) = evaluate(graph, (image,), weights)
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)
    run = session(graph, weights, tmp_path / "m.onnx", tmp_path / "o.onnx")
    for batch in (1, 2):
        (theirs,) = run.run(None, {"image": image[:batch]})
        np.testing.assert_allclose(np.asarray(theirs), expected[:batch], rtol=0, atol=1e-5 * np.abs(expected).max())
    kept = [node.op_type for node in onnx_library.load(tmp_path / "o.onnx").graph.node]
    assert sum("Attention" in kind for kind in kept) == count


@pytest.mark.parametrize("name", passes.LOCAL)
def test_each_pass_alone_keeps_the_numbers(name):
    for text in (SPELLINGS["bias and mask"], SPELLINGS["rotated q and k"], OTHERS["talking heads"]):
        program = model(text)
        weights, image = drawn(program), np.random.default_rng(1).standard_normal((1, 3, 8, 8))
        (expected,) = evaluate(flatten(program), (image,), weights)
        (ours,) = evaluate(flatten(passes.local(program, (name,))), (image,), weights)
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [SPELLINGS["bias and mask"], "a, b = split(cos(arange(2 * C) + 0.0), 2)\n y = v * a + b"],
    ids=["a mask", "a table in parts"],
)
def test_constants_leave_no_arithmetic_on_numbers(text):
    graph = passes.apply(flatten(model(text)), ("constants", "dead"))
    made = [n for n in graph.nodes if n.inputs and all(v.type.stage == "const" for v in n.outputs)]
    assert made == []


def test_what_is_computed_twice_is_computed_once():
    program = model("y = softmax(q @ transpose(k)) @ (gelu(v) + gelu(v))")
    before, after = (
        [n.op for n in g.nodes].count("gelu") for g in (flatten(program), passes.apply(flatten(program), ("cse",)))
    )
    assert (before, after) == (2, 1)


def test_dropout_is_drawn_twice():
    graph = flatten(model("y = dropout(v, 0.5) + dropout(v, 0.5)"))
    assert [n.op for n in passes.apply(graph, ("cse",)).nodes].count("dropout") == 2


def test_shared_layers_stay_shared():
    program = passes.local(elaborate(loads("vit 1\nmodel m = vit { depth = 5 }"), "m"))
    blocks = program.root.children["blocks"]
    assert isinstance(blocks, tuple) and len(set(blocks)) == 1
    assert program.root.bodies[0] is program.root.train[0]


def broken():
    builder = Builder()
    x = builder.input(TensorType((3, 4)), "x")
    (y,) = builder.add("relu", (x,), (TensorType((3, 4)),))
    (z,) = builder.add("softmax", (y,), (TensorType((3, 4)),), {"axis": -1})
    good = builder.graph((z,), ("logits",))
    relu, softmax = good.nodes
    yield "before it is made", replace(good, nodes=(softmax, relu))
    yield "a second time", replace(good, nodes=(relu, relu, softmax))
    yield "never made", replace(good, nodes=(relu,))
    yield "attributes", replace(good, nodes=(relu, replace(softmax, attrs={})))
    wrong = Builder()
    x = wrong.input(TensorType((3, 4)), "x")
    yield "inferred", wrong.graph(wrong.add("relu", (x,), (TensorType((3, 5)),)), ("logits",))
    yield "names", replace(good, output_names=("a", "b"))


@pytest.mark.parametrize(("words", "graph"), list(broken()))
def test_the_verifier_names_the_pass_and_the_fault(words, graph):
    with pytest.raises(verifier.BrokenGraphError, match=f"after a pass.*{words}|{words}"):
        verifier.check(graph, "a pass")


def test_one_of_several_known_results_is_read():
    """The other was read only by what is known too, and goes with it."""
    text = """vit 1
block net(image: shape = 2x2x1) {
  gain = weight([1], 1.0)
  forward(image: [1, 2, 2]) {
    left, right = split(sin(arange(2)), [1, 1])
    return mean(image, axis = [-1, -2]) + 3.0 * cos(left) + right * gain
  }
}
model m = net
"""
    graph = passes.apply(flatten(elaborate(loads(text), "m")), passes.GLOBAL)
    image = np.random.default_rng(0).standard_normal((3, 1, 2, 2))
    (result,) = evaluate(graph, (image,), {"gain": np.full(1, 2.0)})
    np.testing.assert_allclose(result, image.mean((-1, -2)) + 3.0 + 2 * np.sin(1.0), rtol=1e-6)
