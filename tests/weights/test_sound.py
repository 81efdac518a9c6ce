"""What only the numbers tell, weights from Python, and where weights came from."""

import hashlib
import json
import os
from typing import Any

import numpy as np
import pytest
import vitc
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner
from vitc.application import weights as application
from vitc.cli.main import app
from vitc.diagnostics import VitError
from vitc.runtime.weights.files import save
from vitc.runtime.weights.initial import Initial

NORMED = """vit 1

block net(image: shape = 8x8x3) {
  conv = conv2d(4, kernel = 3)
  norm = batchnorm
  fc   = linear(5)

  forward(image: [C, H, W]) { return fc(mean(rearrange(norm(conv(image)), "c h w -> c (h w)"), axis = -1)) }
}

model m = net
"""
SHARED = """vit 1

block step(inner: block) {
  norm  = layernorm
  inner = inner

  forward(x: [N, D]) -> [N, D] { return x + inner(norm(x)) }
}

block net(image: shape = 8x8x3) {
  embed  = patch_embed(patch = 4, dim = 6)
  proj   = linear(6)
  blocks = [step(share(proj)) for i in 0 .. 3]
  fc     = linear(5)

  forward(image: [C, H, W]) { return fc(mean(blocks(embed(image)), axis = -2)) }
}

model m = net
"""


def refused(call):
    with pytest.raises(VitError) as problem:
        call()
    return problem.value.diagnostics[0]


@pytest.mark.parametrize("way", ["import", "compile", "python", "torch"])
def test_nan_and_infinity_are_refused(way, tiny, bring, tmp_path):
    import torch

    tiny.tensors["norm.weight"][:2] = np.nan, np.inf
    tiny.tensors["blocks.1.attn.qkv.bias"][3] = -np.inf
    path = tmp_path / "given.safetensors"
    save_file(tiny.tensors, path)
    tensors = {name: torch.from_numpy(array) for name, array in tiny.tensors.items()}
    weights = {"compile": path, "python": tiny.tensors, "torch": tensors}
    if way == "import":
        (found,) = bring(path)
    else:
        found = refused(lambda: vitc.compile(tiny.spec, out=tmp_path / "out", weights=weights[way]))
    assert found.code == "V0717"
    assert "\n    norm.weight: 1 NaN and 1 infinite of 8" in found.message
    assert "\n    blocks.1.attn.qkv.bias: 1 infinite of 24" in found.message
    assert not (tmp_path / "out").exists()


def test_what_float32_can_not_hold(tiny, bring, tmp_path):
    save_file(tiny.tensors | {"norm.bias": np.full(8, 1e300)}, tmp_path / "given.safetensors")
    (found,) = bring(tmp_path / "given.safetensors")
    assert (found.code, "norm.bias: 8 infinite of 8" in found.message) == ("V0717", True)


def test_infinite_by_right(tmp_path):
    """timm's Gemma 4 stores the bounds of clamps, and a text may start its own state from infinities; NaN never passes."""
    spec = tmp_path / "m.vit"
    spec.write_text("""vit 1

block net(image: shape = 8x8x3) {
  far   = state([3], inf)
  inner = linear(5)

  forward(image: [C, H, W]) { return inner(min(mean(image, axis = [-1, -2]), far)) }
}

model m = net
""")
    program = vitc.check(spec)
    tensors = {name: np.asarray(array) for name, array in Initial(program, 0).items()}
    assert np.isinf(tensors["far"]).all()
    save(tmp_path / "own.safetensors", tensors, program.weights())
    found = application.start(vitc.load(spec), spec, 0, tmp_path / "own.safetensors")
    assert np.isinf(found["far"]).all()
    tensors["far"] = np.full(3, np.nan, np.float32)
    assert refused(lambda: application.start(vitc.load(spec), spec, 0, tensors)).code == "V0717"


def test_the_bounds_of_gemma_are_named_by_the_layout(small):
    from vitc.grammar.name_patterns import matches
    from vitc.runtime.weights.layouts import layouts

    specs = vitc.check("gemma4_vit_167m", settings={"encoder.depth": "1"}).weights()
    bounds = {name for name, spec in specs.items() if isinstance(spec.init, float) and np.isinf(spec.init)}
    assert bounds
    assert {name for name in specs if matches(layouts()["timm"].infinite, name)} == bounds


def module(spec, tmp_path, seed=0):
    """The model of a spec as its own `model.py` has it, every number drawn anew."""
    import torch
    from vitc.compiler import passes
    from vitc.compiler.backends.torch import source as torch_source
    from vitc.runtime.verify.modules import imported

    (tmp_path / "model.py").write_text(torch_source.emit(passes.local(vitc.check(spec))))
    model = imported(tmp_path / "model.py").Model()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 9)
    return model


@pytest.mark.parametrize("text", [NORMED, SHARED], ids=["batchnorm", "share"])
def test_what_model_py_saved_loads(text, here, tmp_path):
    """`save_file` and `save_model` of safetensors, `torch.save`, numpy, and vitc's own file: every bit, 0-d counters too."""
    import torch
    from safetensors.torch import save_file as save_torch
    from safetensors.torch import save_model

    spec = tmp_path / "m.vit"
    spec.write_text(text)
    model = module(spec, tmp_path)
    state = model.state_dict()
    torch.save(state, tmp_path / "w.pth")
    save_torch({name: tensor.clone() for name, tensor in state.items()}, tmp_path / "full.safetensors")
    save_model(model, str(tmp_path / "model.safetensors"))
    np.savez(tmp_path / "w.npz", **{name: tensor.numpy() for name, tensor in state.items()})
    compiled = vitc.load(spec)
    save(tmp_path / "own.safetensors", application.start(compiled, spec, 0, state), compiled.program.weights())
    for given in ("w.pth", "full.safetensors", "model.safetensors", "w.npz", "own.safetensors"):
        found = application.start(compiled, spec, 0, tmp_path / given, trust=True)
        assert found.keys() == compiled.program.weights().keys()
        for name, array in found.items():
            assert array.shape == tuple(state[name].shape), (given, name)
            assert np.array_equal(array, state[name].numpy()), (given, name)


def test_unequal_duplicates_of_a_shared_layer(tmp_path):
    spec = tmp_path / "m.vit"
    spec.write_text(SHARED)
    state = {name: tensor.numpy().copy() for name, tensor in module(spec, tmp_path).state_dict().items()}
    state["blocks.2.inner.weight"][0, 0] = state["proj.weight"][0, 0] + 0.5
    save_file(state, tmp_path / "w.safetensors")
    found = refused(lambda: application.start(vitc.load(spec), spec, 0, tmp_path / "w.safetensors"))
    assert found.code == "V0715"
    assert "`proj.weight` and `blocks.2.inner.weight`" in found.message
    assert "differ by up to 0.5" in found.message


def test_a_wrong_mapping_from_python(tiny, tmp_path):
    import torch

    good = tiny.tensors
    cases = {
        "V0703": ({k: v for k, v in good.items() if k != "head.bias"}, "the mapping of weights lacks a tensor"),
        "V0704": (good | {"more": np.ones(1, np.float32)}, "\n    more"),
        "V0705": (good | {"head.bias": torch.ones(4)}, "head.bias [3] (theirs: [4])"),
        "V0706": (good | {"head.bias": np.ones(3, np.int32)}, "head.bias is int32"),
        "V0719": (good | {"head.bias": [1.0, 2.0, 3.0]}, "'head.bias' is a list"),
    }
    for code, (mapping, text) in cases.items():
        found = refused(lambda mapping=mapping: vitc.compile(tiny.spec, out=tmp_path / "out", weights=mapping))
        assert found.code == code
        assert text in found.message
    numbered: Any = {3: np.ones(1)}
    assert refused(lambda: vitc.compile(tiny.spec, out=tmp_path / "out", weights=numbered)).code == "V0719"
    assert not (tmp_path / "out").exists()


def test_the_manifest_says_where_weights_came_from(tiny, tmp_path):
    path = tmp_path / "given.safetensors"
    save_file({f"module.{name}": array for name, array in tiny.tensors.items()}, path)
    words = ["compile", str(tiny.spec), "--to", "onnx", "--no-verify", "-o", str(tmp_path / "out")]
    drawn = CliRunner().invoke(app, [*words, "--seed", "3"])
    assert "weights: drawn with seed 3; pass --weights FILE for trained ones" in drawn.stdout
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["weights"]["kind"] == "drawn"
    skip = ["--set", 'weights.skip=["head.{p}"]']
    given = CliRunner().invoke(app, [*words, "--weights", str(path), *skip])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = given.stdout.splitlines()
    assert f"weights: given.safetensors (sha256 {digest[:12]}), layout timm" in lines
    assert "  part: module" in lines
    assert "  drawn with seed 0: head.weight, head.bias" in lines
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())["weights"]
    assert (told["kind"], told["files"], told["part"]) == ("file", {"given.safetensors": digest}, "module")
    assert (told["drawn"], told["seed"], told["layout"]) == (["head.weight", "head.bias"], 0, "timm")
    stored = load_file(tmp_path / "out" / "model.safetensors")
    assert np.array_equal(stored["norm.weight"], tiny.tensors["norm.weight"])
    python = vitc.compile(tiny.spec, out=tmp_path / "out", weights=tiny.tensors, to=("onnx",), verify=False)
    assert python["weights"]["kind"] == "python"


def test_nothing_is_written_over_without_force(tiny, tmp_path):
    save_file(tiny.tensors, tmp_path / "given.safetensors")
    (tmp_path / "theirs.safetensors").write_text("mine")
    (tmp_path / "link.safetensors").symlink_to("elsewhere.safetensors")
    for verb in ("import", "export"):
        for out in ("theirs.safetensors", "link.safetensors"):
            words = [
                "weights",
                verb,
                str(tmp_path / "given.safetensors"),
                "--layout",
                "timm",
                "--model",
                str(tiny.spec),
            ]
            words += ["-o", str(tmp_path / out)]
            problem = CliRunner().invoke(app, words).exception
            assert isinstance(problem, VitError)
            assert problem.diagnostics[0].code == "V1008"
    assert (tmp_path / "theirs.safetensors").read_text() == "mine"
    problem = CliRunner().invoke(app, [*words, "--force"]).exception
    assert isinstance(problem, VitError)
    assert problem.diagnostics[0].code == "V1008"  # a link stays
    assert not (tmp_path / "elsewhere.safetensors").exists()
    assert CliRunner().invoke(app, [*words[:-1], str(tmp_path / "theirs.safetensors"), "--force"]).exit_code == 0


@pytest.mark.parametrize("out", ["out.safetensors", "out.npz"])
@pytest.mark.parametrize("verb", ["import", "export"])
def test_a_full_disk(verb, out, tiny, tmp_path):
    import resource

    save_file(tiny.tensors, tmp_path / "given.safetensors")
    words = ["weights", verb, str(tmp_path / "given.safetensors"), "--layout", "timm", "--model", str(tiny.spec)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    files = sorted(os.listdir(tmp_path))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        problem = CliRunner().invoke(app, [*words, "-o", str(tmp_path / out)]).exception
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(problem, VitError), problem
    assert (problem.diagnostics[0].code, problem.exit_status) == ("V0801", 3)
    assert str(tmp_path / out) in problem.diagnostics[0].message
    assert sorted(os.listdir(tmp_path)) == files
