"""Verification: what it compares, what it lets pass, and that it names the layer that was tampered with."""

import warnings
from types import SimpleNamespace

import numpy as np
import onnx
import psutil
import pytest
import torch
import vitc
from vitc.compiler import driver
from vitc.compiler.elaborate.library import loads
from vitc.diagnostics import VitError
from vitc.runtime import verify as verification
from vitc.runtime.verify import verify
from vitc.runtime.verify.draws import unit_weights
from vitc.runtime.weights.files import save
from vitc.runtime.weights.initial import Initial

VIT = "model m = vit { image = 16x16x3, patch = 8, dim = 16, depth = 2, heads = 2, classes = 3 }"
TWO = """block two(image: shape = 4x4x1) {
  a = linear(3)
  b = linear(4)
  forward(image: [C, H, W]) {
    x = rearrange(image, "c h w -> (c h w)")
    return logits = a(x), aux = b(x)
  }
}
model m = two
"""
#: A table beside the weights, and weights without axes.
TABLE = """block net(image: shape = 4x4x1) {
  low  = state([], -inf)
  high = state([], inf)
  a    = linear(3)
  forward(image: [C, H, W]) {
    x = rearrange(image, "c h w -> (c h w)")
    return min(max(a(x + cos(arange(H * W) + 0.0)), low), high)
  }
}
model m = net
"""
ROTARY = """use "std/eva.vit"
model m = eva {
  image = 16x24x3, patch = 8, dim = 16, depth = 2, heads = 2, classes = 3
  rope = rope_axial(image.h // patch, image.w // patch, dim // heads)
}
"""
ALL = ("torch", "torchscript", "onnx")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folders by text and targets, each compiled once; what is tampered with is copied first."""
    made = {}

    def build(text, targets=ALL):
        if (text, targets) not in made:
            compiled = driver.prepare(loads(f"vit 1\n{text}\n"), "m", besides=lambda program: ("aux",))
            weights = dict(Initial(compiled.program, 0))
            stage = tmp_path_factory.mktemp("stage")
            save(stage / "model.safetensors", weights, compiled.program.weights())
            driver.write(compiled, weights, stage, targets, {})
            made[text, targets] = compiled, stage, weights
        return made[text, targets]

    return build


@pytest.fixture
def tampered(built, tmp_path):
    """What verifying a folder says after `change(stage)`."""
    import shutil

    def run(text, change, targets=ALL):
        compiled, stage, weights = built(text, targets)
        copy = tmp_path / "stage"
        shutil.copytree(stage, copy)
        change(copy)
        with pytest.raises(VitError) as caught:
            verify(compiled, copy, weights)
        (diagnostic,) = caught.value.diagnostics
        assert (diagnostic.code, caught.value.exit_status) == ("V0805", 3)
        return diagnostic

    return run


def test_every_batch_target_and_output_is_compared(built):
    """`model.py` gives the first result alone, so it can't judge the second."""
    compiled, stage, weights = built(TWO)
    report = verify(compiled, stage, weights)
    given = [("torch", "logits"), *((t, o) for t in ("torchscript", "onnx") for o in ("logits", "aux"))]
    expected = [("own", b, *one) for b in (1, 2, 3, 7) for one in given] + [("unit", 2, *one) for one in given]
    assert [(r.weights, r.batch, r.target, r.output) for r in report.rows] == expected
    assert all(r.ok and r.error < 1e-5 for r in report.rows)
    assert report.judge == "numpy in float64"
    assert verify(*built(VIT)).judge == "PyTorch in float64"
    assert list(stage.glob("*unit*")) == list(stage.glob("*watched*")) == []


@pytest.mark.parametrize("text", [TABLE, ROTARY])
def test_tables_stay_when_weights_are_drawn(built, text):
    compiled, stage, weights = built(text)
    report = verify(compiled, stage, weights)
    assert {(r.weights, r.target) for r in report.rows} == {(w, t) for w in ("own", "unit") for t in ALL}
    assert all(r.ok and r.error < 1e-5 for r in report.rows)


def test_large_models_run_on_small_batches_and_the_report_says_so(built, monkeypatch):
    monkeypatch.setattr(verification, "LARGE", 1)
    report = verify(*built(VIT))
    assert {r.batch for r in report.rows if r.weights == "own"} == {1, 2}
    assert "only batches 1 and 2" in report.notes[0]


def test_without_the_memory_float64_is_left_out_and_the_report_says_so(built, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    report = verify(*built(VIT))
    assert report.judge == "numpy in float32"
    assert "float64 was left out" in report.notes[0]


def test_onnx_alone_is_judged_by_numpy(built):
    report = verify(*built(VIT, ("onnx",)))
    assert report.judge == "numpy in float64"
    assert {r.target for r in report.rows} == {"onnx"}


def initialiser(name):
    def change(stage):
        model = onnx.load(stage / "model.onnx")
        (tensor,) = (t for t in model.graph.initializer if t.name.startswith(name))
        array = onnx.numpy_helper.to_array(tensor) * 1.5 + 0.1
        tensor.CopyFrom(onnx.numpy_helper.from_array(array.astype(np.float32), tensor.name))
        onnx.save(model, str(stage / "model.onnx"))

    return change


def operator(name, new):
    def change(stage):
        model = onnx.load(stage / "model.onnx")
        (node,) = (n for n in model.graph.node if n.name == name)
        node.op_type = new
        del node.attribute[:]
        onnx.save(model, str(stage / "model.onnx"))

    return change


def source(old, new):
    def change(stage):
        text = (stage / "model.py").read_text()
        assert text.count(old) == 1, text
        (stage / "model.py").write_text(text.replace(old, new))

    return change


def script(path):
    def change(stage):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = torch.jit.load(str(stage / "model.ts"))
            bias = dict(model.named_modules())[path].bias.data
            bias += torch.linspace(-0.5, 0.5, len(bias))
            torch.jit.save(model, str(stage / "model.ts"))

    return change


@pytest.mark.parametrize("targets", [ALL, ("onnx",)])
@pytest.mark.parametrize(
    ("change", "layer"),
    [
        (initialiser("blocks.1.mlp.fc1.weight"), "blocks.1.mlp.fc1"),
        (initialiser("blocks.0.attn.qkv.bias"), "blocks.0.attn.qkv"),
        (initialiser("head.bias"), "head"),
        (operator("blocks.0/Add", "Sub"), "blocks.0"),
        (operator("blocks.1.mlp/Gelu", "Relu"), "blocks.1.mlp"),
    ],
)
def test_the_layer_of_a_tampered_onnx_file_is_named(tampered, change, layer, targets):
    found = tampered(VIT, change, targets)
    assert found.message.startswith("onnx differs from")
    assert f"`{layer}`" in found.help


@pytest.mark.parametrize("layer", ["patch_embed.proj", "blocks.1.norm2", "blocks.0.attn.proj"])
def test_the_layer_of_a_tampered_script_is_named(tampered, layer):
    found = tampered(VIT, script(layer))
    assert found.message.startswith("torchscript differs from PyTorch in float64")
    assert "own weights" in found.message
    assert f"`{layer}`" in found.help


@pytest.mark.parametrize(
    ("old", "new", "layer"),
    [
        ("x = x + self.attn(", "x = x - self.attn(", "blocks.0"),
        ("F.gelu(self.fc1(x))", "F.relu(self.fc1(x))", "blocks.0.mlp"),
    ],
)
def test_the_layer_of_a_tampered_source_is_named_though_it_is_what_the_judge_runs(tampered, old, new, layer):
    found = tampered(VIT, source(old, new))
    assert found.message == "torch differs from the numpy reference, both in float64"
    assert f"`{layer}`" in found.help


def test_a_second_output_counts(tampered):
    found = tampered(TWO, initialiser("b.bias"))
    assert "output aux" in found.message
    assert "`b`" in found.help


def test_weights_that_float32_cannot_carry_are_ill_conditioned_not_wrong(built, tmp_path):
    compiled, _, weights = built(VIT)
    # what the patches say drowns in an offset that the first norm takes out again
    weights = {**weights, "patch_embed.proj.bias": np.full(16, 1e5, np.float32)}
    save(tmp_path / "model.safetensors", weights, compiled.program.weights())
    driver.write(compiled, weights, tmp_path, ALL, {})
    report = verify(compiled, tmp_path, weights)
    assert report.ill_conditioned == ("own",)
    assert all(r.ok for r in report.rows if r.weights == "unit")


def test_weights_that_are_no_numbers_are_ill_conditioned(built, tmp_path):
    compiled, _, weights = built(VIT)
    weights = {**weights, "head.bias": np.array([np.nan, np.inf, 0], np.float32)}
    save(tmp_path / "model.safetensors", weights, compiled.program.weights())
    driver.write(compiled, weights, tmp_path, ALL, {})
    assert verify(compiled, tmp_path, weights).ill_conditioned == ("own",)


def test_unit_weights_follow_their_rules():
    text = """block net(image: shape = 8x8x3) {
  conv = conv2d(64, kernel = 3)
  norm = layernorm
  bn   = batchnorm(axis = -1)
  pos  = weight([36, 64], 0.0)
  ls   = weight([64], 1e-4)
  forward(image: [C, H, W]) { return mean(bn(norm(rearrange(conv(image), "d h w -> (h w) d") + pos)) * ls, axis = -2) }
}
model m = net
"""
    weights = unit_weights(driver.prepare(loads(f"vit 1\n{text}"), "m").program)
    assert weights["conv.weight"].std() == pytest.approx(27**-0.5, rel=0.1)
    assert weights["norm.weight"].mean() == pytest.approx(1, abs=0.1) and weights["norm.weight"].std() < 0.3
    assert weights["pos"].std() == pytest.approx(0.2, rel=0.1)
    assert weights["ls"].mean() == pytest.approx(0.5, abs=0.05)
    assert 0.5 <= weights["bn.running_var"].min() < weights["bn.running_var"].max() <= 2
    assert weights["bn.num_batches_tracked"] == 0
    bounds = unit_weights(driver.prepare(loads(f"vit 1\n{TABLE}"), "m").program)
    assert -2 <= bounds["low"] <= -0.5 and 0.5 <= bounds["high"] <= 2
    assert bounds["low"].shape == () and bounds["low"].dtype == np.float32


def test_floats_made_of_truth_and_integers_are_judged_in_float64(tmp_path):
    """torch makes float32 of them, which a layer in float64 would refuse."""
    text = """vit 1
block net(image: shape = 4x4x3) {
  first = linear(3)
  head = linear(3)
  forward(image: [3, 4, 4]) {
    x = mean(where(image > 0.1, 1.0, 0.25), axis = [-2, -3])
    y = sin(int(4.0 * mean(image, axis = [-2, -3])))
    return first(x) + head(y)
  }
}
model m = net
"""
    (tmp_path / "m.vit").write_text(text)
    manifest = vitc.compile(tmp_path / "m.vit", out=tmp_path / "out")
    assert manifest["verification"]
