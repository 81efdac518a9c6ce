"""`vitc compile --plain`: attention written out in `model.py`; all else stays as it is."""

import subprocess
import sys

import pytest
import torch
import vitc
from typer.testing import CliRunner
from vitc.cli.main import app
from vitc.compiler import ops, passes
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.compiler.ops.base import TorchCall
from vitc.diagnostics import VitError
from vitc.runtime.verify.modules import imported

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.")  # torch's word on TorchScript

VIT = "model m = vit { image = 32x32x3, patch = 8, dim = 32, depth = 2, heads = 2, classes = 5, attn.attn_drop = 0.1 }"
#: An attention whose operands have the names that it would use itself, three times over.
NAMES = """block clash(heads: int > 0) {
  qkv = linear(3 * dim)
  forward(scores: [N, dim]) {
    attn, scale, k = split(qkv(scores), 3)
    y = merge_heads(attend(split_heads(attn, heads), split_heads(scale, heads), split_heads(k, heads), scale = 0.5))
    z = attend(attn, scale, k, bias = scores @ transpose(scores), scale = 1.0)
    w = attend(scores, scores, scores)
    return y + z + w + attn + scale
  }
}
model m = vit { image = 32x32x3, patch = 8, dim = 32, depth = 2, heads = 2, classes = 5, attn = clash(heads) }"""
MODELS = {
    "vit": VIT,
    "swin": 'use "std/swin.vit"\nmodel m = swin { image = 56x56x3, dim = 16, depths = [2, 2], heads = [2, 4], window = 7, classes = 5 }',
    "beit": 'use "zoo/beit.vit"\nmodel m = beit_base_patch16_224 { image = 32x32x3, dim = 48, heads = 4, depth = 2 }',
    "cait": 'use "std/cait.vit"\nmodel m = cait { image = 32x32x3, patch = 8, dim = 32, heads = 2, depth = 2, classes = 5 }',
    "pool": "model m = vit { image = 32x32x3, patch = 8, dim = 32, depth = 1, heads = 2, classes = 5, pool = map, cls_token = none }",
    "names": NAMES,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Of each model both files and both modules, with the same weights."""
    found = {}
    for name, text in MODELS.items():
        program = passes.local(elaborate(loads(f"vit 1\n{text}\n"), "m"))
        pair = []
        for plain in (False, True):
            path = tmp_path_factory.mktemp(name) / "model.py"
            path.write_text(torch_source.emit(program, plain=plain))
            pair.append((path, imported(path).Model()))
        torch.manual_seed(0)
        for parameter in pair[0][1].parameters():  # a head that starts from zero would show nothing
            torch.nn.init.normal_(parameter, std=0.3)
        pair[1][1].load_state_dict(pair[0][1].state_dict())
        found[name] = pair
    return found


def image(name):
    side = 56 if name == "swin" else 32
    return torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))


def near(ours, theirs):
    ours, theirs = ours.detach(), theirs.detach()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5 * max(1.0, float(theirs.abs().max())))


def test_the_text_is_that_of_a_textbook(models):
    """With dropout where the spec has it."""
    text = models["vit"][1][0].read_text()
    assert text[text.index("        q, k, v = self.qkv(x)") :].startswith(
        """\
        q, k, v = self.qkv(x).chunk(3, -1)  # [B, 17, 32]
        q = q.unflatten(-1, (2, 16)).transpose(-3, -2)  # [B, 2, 17, 16]
        k = k.unflatten(-1, (2, 16)).transpose(-3, -2)  # [B, 2, 17, 16]
        v = v.unflatten(-1, (2, 16)).transpose(-3, -2)  # [B, 2, 17, 16]
        scale = q.shape[-1] ** -0.5
        scores = q @ k.mT * scale  # [B, 2, 17, 17]
        attn = scores.softmax(-1)
        attn = F.dropout(attn, 0.1, self.training)
        y = attn @ v  # [B, 2, 17, 16]
        y = y.transpose(-3, -2).flatten(-2)  # [B, 17, 32]
        return self.proj(y)
"""
    )


@pytest.mark.parametrize("name", ["swin", "beit"])
def test_a_mask_or_bias_is_added(models, name):
    text = models[name][1][0].read_text()
    assert (
        """\
        scale = q.shape[-1] ** -0.5
        scores = q @ k.mT * scale"""
        in text
    )
    assert (
        """\
        scores = scores + bias
        attn = scores.softmax(-1)
        y = attn @ v"""
        in text
    )
    assert ("mask" in text) == (name == "swin")


def test_operands_without_a_name_in_the_text_get_that_of_the_formula(models):
    assert "        q = (\n            self.q(self.latent[0])" in models["pool"][1][0].read_text()


@pytest.mark.parametrize("name", MODELS)
def test_the_state_dict_and_the_numbers_are_the_same(models, name):
    (_, fused), (path, plain) = models[name]
    assert "scaled_dot_product_attention" not in path.read_text()
    assert list(plain.state_dict()) == list(fused.state_dict())
    x = image(name)
    with torch.no_grad():
        near(plain.eval()(x), fused.eval()(x))
    # in float64 not even rounding is left
    with torch.no_grad():
        ours, theirs = plain.double()(x.double()), fused.double()(x.double())
    assert float((ours - theirs).abs().max()) < 1e-9 * max(1.0, float(theirs.abs().max()))
    for model in (plain, fused):
        model.float()


@pytest.mark.parametrize("name", ["vit", "swin", "names"])
def test_it_scripts_exports_and_compiles(models, name):
    model, x = models[name][1][1].eval(), image(name)
    with torch.no_grad():
        expected = model(x)
        near(torch.jit.script(model)(x), expected)
        if name == "swin":
            exported = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},))
            near(exported.module()(x[:1]), expected[:1])
            near(torch.compile(model, backend="eager", fullgraph=True)(x), expected)


def test_gradients_are_the_same_and_dropout_drops_attention_under_training(models):
    (_, fused), (_, plain) = models["swin"]
    x = image("swin")
    for model in (fused, plain):
        model.zero_grad()
        model.eval()(x).square().sum().backward()
    for ours, theirs in zip(plain.parameters(), fused.parameters(), strict=True):
        near(ours.grad, theirs.grad)
    attention = models["vit"][1][1].blocks[0].attn.train()
    tokens = torch.randn(1, 17, 32)
    with torch.no_grad():
        assert not torch.equal(attention(tokens), attention(tokens))
        assert torch.equal(attention.eval()(tokens), attention(tokens))


def test_the_text_is_clean(models):
    files = [str(pair[1][0]) for pair in models.values()]
    for command in (["ruff", "format", "--check", "--isolated"], ["ruff", "check", "--isolated"],
                    ["pyright", "--pythonpath", sys.executable]):  # fmt: skip
        done = subprocess.run([sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_steps_of_an_op_compute_what_the_op_does():
    attention = ops.get("attention")
    for example in attention.examples():
        generator = torch.Generator().manual_seed(0)
        attrs = {param.name: param.default for param in attention.params} | dict(example.attrs)
        names = ("q", "k", "v", "bias")[: len(example.types)]
        batch = [(2,) if t.stage == "sample" else () for t in example.types]
        values = {
            n: torch.randn(*b, *t.shape, generator=generator, dtype=torch.float64)
            for n, t, b in zip(names, example.types, batch, strict=True)
        }
        call = TorchCall(names, attrs, example.types, attention.infer(example.types, attrs))
        space = {**values, "F": torch.nn.functional, "self": torch.nn.Identity().eval()}
        *steps, last = attention.torch_steps(call, str)
        for step in steps:
            space[step.name] = eval(step.text, space)
            if step.type is not None:
                assert space[step.name].shape[1:] == step.type.shape
        found = eval(last.text, space)
        (expected,) = attention.evaluate([value.numpy() for value in values.values()], attrs)
        torch.testing.assert_close(found, torch.from_numpy(expected), rtol=1e-12, atol=1e-12)


def test_the_command_and_the_function_change_model_py_alone_and_verify_it(tmp_path):
    spec = tmp_path / "m.vit"
    spec.write_text(f"vit 1\n{VIT}\n")
    manifests = [
        vitc.compile(spec, out=tmp_path / "fused", verify=False),
        vitc.compile(spec, out=tmp_path / "plain", plain=True),
    ]
    command = ["compile", str(spec), "-o", str(tmp_path / "cli"), "--plain", "--to", "torch", "--no-verify"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "cli" / "model.py").read_bytes() == (tmp_path / "plain" / "model.py").read_bytes()
    hashes = [{name: about["sha256"] for name, about in manifest["files"].items()} for manifest in manifests]
    assert {name for name in hashes[0] if hashes[0][name] != hashes[1][name]} == {"model.py"}
    assert sorted(p.name for p in (tmp_path / "plain").iterdir()) == sorted(
        p.name for p in (tmp_path / "fused").iterdir()
    )
    assert all(row["ok"] for row in manifests[1]["verification"]["rows"])
    assert {row["target"] for row in manifests[1]["verification"]["rows"]} == {"torch", "torchscript", "onnx"}


def test_without_model_py_there_is_nothing_to_change(tmp_path):
    spec = tmp_path / "m.vit"
    spec.write_text(f"vit 1\n{VIT}\n")
    with pytest.raises(VitError) as caught:
        vitc.compile(spec, out=tmp_path / "out", to=("onnx",), plain=True)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("V1006", "--plain changes `model.py`, which is not written")
    assert not (tmp_path / "out").exists()
