"""Layers with several names, and initialisers that the section `init` gives, from text to files."""

import numpy as np
import onnx
import pytest
import torch
import vitc
from safetensors.numpy import load_file
from vitc.runtime.verify.modules import imported

SPEC = """vit 1
block scaled(inner: block, other: block) {
  inner = inner
  other = other
  norm  = layernorm

  forward(x: [N, D]) -> [N, D] { return norm(other(inner(x))) }
}

block tiny(image: shape = 8x8x3, dim: int > 0 = 12) {
  embed  = patch_embed(2, dim)
  proj   = linear(dim)
  wide   = mlp
  again  = share(proj)
  blocks = [scaled(share(proj), share(wide)) for i in 0 .. 3]
  head   = linear(5)

  forward(image: [C, H, W]) { return head(mean(again(blocks(proj(embed(image)))), axis = -2)) }
}

model m = tiny

init { "blocks.{i}.norm.weight" = 1.0 / (i + 1), "head.bias" = 0.25, "wide.fc1.weight" = uniform(-0.5, 0.5) }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("shared")
    (root / "m.vit").write_text(SPEC, encoding="utf-8")
    manifest = vitc.compile(root / "m.vit", out=root / "out")
    assert manifest["verification"] is not None
    return root / "out"


def test_the_file_has_a_shared_weight_once_and_the_state_dict_under_each_name(folder):
    stored = load_file(folder / "model.safetensors")
    model = imported(folder / "model.py").Model.load(str(folder / "model.safetensors"))
    keys = {"again.", *(f"blocks.{i}.{name}." for i in range(3) for name in ("inner", "other"))}
    assert not [name for name in stored if name.startswith(tuple(keys))]
    assert set(model.state_dict()) - set(stored) == {
        name for name in model.state_dict() if name.startswith(tuple(keys))
    }
    assert len(list(model.parameters())) == len(stored)
    assert model.blocks[2].inner is model.proj is model.again


def test_onnx_has_it_once(folder):
    names = [tensor.name for tensor in onnx.load(str(folder / "model.onnx")).graph.initializer]
    assert not [name for name in names if "inner" in name or "other" in name or name.startswith("again")]


def test_training_moves_it_for_all(folder):
    model = imported(folder / "model.py").Model.load(str(folder / "model.safetensors")).train()
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    with torch.no_grad():
        for weight in model.parameters():
            weight.sub_(0.1 * weight.grad)
    assert torch.equal(model.proj.weight, model.blocks[1].inner.weight)


def test_both_start_as_the_section_init_says(folder):
    stored = load_file(folder / "model.safetensors")
    made = imported(folder / "model.py").Model().state_dict()
    for weights in (stored, {name: tensor.numpy() for name, tensor in made.items()}):
        for i in range(3):
            np.testing.assert_allclose(weights[f"blocks.{i}.norm.weight"], 1 / (i + 1), rtol=1e-6)
        np.testing.assert_allclose(weights["head.bias"], 0.25)
        assert 0.3 < np.abs(weights["wide.fc1.weight"]).max() <= 0.5


LENT = """vit 1
block first(a2: layer) {
  forward(x: [N]) { return a2(x) }
}

block other(a: layer) {
  forward(x: [N]) { return a(x) }
}

block three(p: block, q: block, r: block) {
  x = first(p)
  y = other(q)
  z = other(r)

  forward(t: [N]) { return z(y(x(t))) }
}

block net(image: shape = 4x4x1) {
  f1 = linear(16)
  f2 = linear(16)
  f3 = linear(16)
  m  = three(share(f1), share(f2), share(f3))

  forward(image: [C, H, W]) { return m(f3(f2(f1(rearrange(image, "c h w -> (c h w)"))))) }
}

model m = net
"""


def test_layers_lent_under_one_name_get_constructor_arguments_of_their_own(tmp_path):
    (tmp_path / "m.vit").write_text(LENT, encoding="utf-8")
    manifest = vitc.compile(tmp_path / "m.vit", out=tmp_path / "out", to=("torch",))
    assert manifest["verification"] is not None
    model = imported(tmp_path / "out" / "model.py").Model.load(str(tmp_path / "out" / "model.safetensors"))
    assert [model.m.x.a2, model.m.y.a, model.m.z.a] == [model.f1, model.f2, model.f3]
