"""What `model.py` is: short, clean, trainable, scriptable, exportable, compilable."""

import subprocess
import sys
from typing import Any

import pytest
import torch
from vitc.compiler import passes
from vitc.compiler.backends import torchscript
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load, loads
from vitc.compiler.evaluate import evaluate
from vitc.compiler.flatten import flatten
from vitc.runtime.verify.modules import imported
from vitc.tests.random_programs import judge

#: Small models of very different text; sizes small enough for a second each.
SMALL = {
    "vit": "model m = vit { image = 32x32x3, patch = 8, dim = 32, heads = 2, depth = 3, classes = 5, drop_path = 0.2, attn.attn_drop = 0.1, head_drop.rate = 0.1 }",
    "vit_norms": "model m = vit { image = 32x32x3, patch = 8, dim = 32, heads = 2, depth = 2, classes = 5, norm = rmsnorm, attn.qk_norm = layernorm, registers = 2, pool = mean_max, layer.scale = 0.1 }",
    "vit_map": "model m = vit { image = 32x32x3, patch = 8, dim = 32, heads = 2, depth = 2, classes = 5, pool = map, cls_token = none }",
    "swin": 'use "swin.vit"\nmodel m = swin { image = 56x56x3, dim = 16, depths = [2, 2, 4], heads = [2, 4, 8], window = 7, classes = 5 }',
    "cait": 'use "cait.vit"\nmodel m = cait { image = 32x32x3, patch = 8, dim = 32, heads = 2, depth = 2, classes = 5, drop_path = 0.1 }',
    "vitamin": 'use "vitamin.vit"\nmodel m = vit { image = 32x32x3, dim = 32, depth = 2, heads = 2, classes = 5, cls_token = none, pool = mean, mlp = geglu(64), patch_embed = hybrid_embed(mbconv_stages(8, dim), none) }',
    "mixer": 'use "mixer.vit"\nmodel m = mixer { image = 32x32x3, patch = 8, dim = 32, depth = 2, classes = 5 }',
    "eva": 'use "eva.vit"\nmodel m = eva { image = 32x32x3, patch = 8, dim = 32, heads = 2, depth = 2, classes = 5, mlp = glu, rope = rope_axial(image.h // patch, image.w // patch, dim // heads) }',
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Text, file and module of each."""
    found = {}
    for name, text in SMALL.items():
        source = torch_source.emit(passes.local(elaborate(loads(f"vit 1\n{text}\n"), "m")))
        path = tmp_path_factory.mktemp(name) / "model.py"
        path.write_text(source)
        found[name] = (source, path, imported(path))
    return found


def image(module) -> torch.Tensor:
    shape = (56, 56) if "Swin" in module.__doc__ + "".join(dir(module)) else (32, 32)
    return torch.randn(2, 3, *shape)


@pytest.mark.parametrize("name", SMALL)
def test_it_is_clean(models, name):
    _, path, _ = models[name]
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_passes_pyright(models):
    paths = [str(path) for _, path, _ in models.values()]
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SMALL)
def test_it_trains(models, name):
    """Every weight gets a gradient; a step changes the loss."""
    module = models[name][2]
    torch.manual_seed(0)
    model, x = module.Model(), image(models[name][2])
    before = torch.nn.functional.cross_entropy(model(x), torch.tensor([0, 1]))
    before.backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("name", SMALL)
def test_it_scripts_exports_and_compiles_to_the_same_numbers(models, name, tmp_path):
    module = models[name][2]
    torch.manual_seed(0)
    model, x = module.Model().eval(), image(module)
    with torch.no_grad():
        expected = model(x)
        exported = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},))
        torch.testing.assert_close(exported.module()(x[:1]), expected[:1], rtol=1e-5, atol=1e-5)
        compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
        torch.testing.assert_close(compiled(x), expected, rtol=1e-5, atol=1e-5)
        with torch.autocast("cpu", torch.bfloat16):
            half = model(x).float()
        assert (half - expected).abs().max() < 0.05 * max(1.0, float(expected.abs().max()))


@pytest.mark.filterwarnings("ignore:`torch.jit.load` is deprecated")  # torch's word on its own format
@pytest.mark.parametrize("name", ["vit", "swin"])
def test_torchscript_is_the_same_to_the_byte(models, name, tmp_path):
    import safetensors.torch

    _, path, module = models[name]
    torch.manual_seed(0)
    model, x = module.Model().eval(), image(module)
    safetensors.torch.save_file(model.state_dict(), tmp_path / "model.safetensors")
    for out in ("a.ts", "b.ts"):
        torchscript.write(path, tmp_path / "model.safetensors", tmp_path / out)
    assert (tmp_path / "a.ts").read_bytes() == (tmp_path / "b.ts").read_bytes()
    assert str(tmp_path).encode() not in (tmp_path / "a.ts").read_bytes()
    with torch.no_grad():
        torch.testing.assert_close(torch.jit.load(tmp_path / "a.ts")(x), model(x), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(module.Model.load(tmp_path / "model.safetensors")(x), model(x), rtol=0, atol=0)


def test_its_length_does_not_grow_with_depth():
    texts = [
        torch_source.emit(elaborate(loads(f"vit 1\nmodel m = vit {{ depth = {d}, drop_path = 0.1 }}"), "m"))
        for d in (12, 24)
    ]
    assert len(texts[0].splitlines()) == len(texts[1].splitlines())


def test_a_plain_vit_fits_on_two_pages():
    text = torch_source.emit(elaborate(load(SPECS / "zoo" / "vit.vit"), "vit_base_patch16_224"))
    assert len(text.splitlines()) <= 140


def test_rates_of_stochastic_depth_are_those_of_the_text():
    program = elaborate(
        loads("vit 1\nmodel m = vit { image = 32x32x3, dim = 32, heads = 2, depth = 5, drop_path = 0.3 }"), "m"
    )
    assert "drop_path=0.075 * i)" in torch_source.emit(program)


def test_initial_weights_follow_the_rules(models):
    torch.manual_seed(0)
    model = models["vit"][2].Model()
    assert model.cls_token.std() < 1e-5
    assert 0.015 < model.pos_embed.std() < 0.02 and model.pos_embed.abs().max() <= 0.04


def test_hostile_names_stay_names():
    text = """
block torch(math: int = 2) { fc = linear(D * math)
  forward(Tensor: [N, D]) { nn = fc(Tensor)
    F = nn + 1.0
    return F * nn } }
block Model(image: shape = 8x8x3) {
  Tensor = torch
  def_ = torch(3)
  forward(image: [3, 8, 8]) { range = rearrange(image, "c h w -> (h w) c")
    return mean(def_(Tensor(range)), axis = -2) } }
model m = Model
"""
    namespace: dict[str, Any] = {}
    exec(torch_source.emit(elaborate(loads(f"vit 1\n{text}"), "m")), namespace)  # our own output
    assert namespace["Model"]()(torch.randn(2, 3, 8, 8)).shape == (2, 18)


TABLES = """
fn float(n: int) -> [n] = arange(n) * 0.5

block part(dim: int > 0 = 3) {
  rows  = weight([4, dim], normal(1.0))
  table = weight([dim], normal(1.0))
  child = linear(dim)
  forward(x: [N, D]) -> [N, dim] {
    child2 = take(rows, 2 * arange(2), axis = -2)
    y = child(x) * table + mean(child2, axis = -2)
    return y + rearrange(float(N), "n -> n 1")
  }
}

block net(image: shape = 4x4x1) {
  part = part
  forward(image: [1, 4, 4]) { return mean(part(image[0]), axis = -2) + mean(part(image[0][:2]), axis = -2) }
}
model m = net
"""


def test_tables_have_names_of_their_own_and_each_body_has_its_own(tmp_path):
    """A weight called `table`, a function called like a method of `nn.Module`, one layer on 4 rows and on 2."""
    program = passes.local(elaborate(loads(f"vit 1\n{TABLES}"), "m"))
    namespace: dict = {}
    exec(torch_source.emit(program), namespace)  # our own output
    torch.manual_seed(0)
    model = namespace["Model"]().double()
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    image = torch.randn(2, 1, 4, 4, dtype=torch.float64)
    (expected,) = evaluate(flatten(program), (image.numpy(),), weights)
    torch.testing.assert_close(model(image), torch.from_numpy(expected), rtol=1e-6, atol=1e-6)


LIMITS = """
block net(image: shape = 4x4x1) {
  low  = state([], -inf)
  high = state([], inf)
  gain = weight([], 1.0)
  forward(image: [1, 4, 4]) {
    x = min(max(image[0], low), high) * gain
    return max(mean(x, axis = -1), -inf)
  }
}
model m = net
"""


def test_infinity_and_numbers_without_axes_are_printed(tmp_path):
    namespace: dict = {}
    exec(torch_source.emit(passes.local(elaborate(loads(f"vit 1\n{LIMITS}"), "m"))), namespace)  # our own output
    model = namespace["Model"]()
    assert (float(model.low), float(model.high), model.gain.shape) == (float("-inf"), float("inf"), ())
    image = torch.randn(2, 1, 4, 4)
    torch.testing.assert_close(model(image), image[:, 0].mean(-1))


IDLE = """
block net(image: shape = 4x4x3) {
  stem = [conv2d(3, kernel = 1), relu, conv2d(2, kernel = 1)]
  head = linear(5)
  forward(image: [3, 4, 4]) {
    unread = stem(image)
    return head(mean(image, axis = [-2, -3]))
  }
}
model m = net
"""


def test_a_list_of_ops_whose_result_nothing_reads_keeps_its_weights():
    program = passes.local(elaborate(loads(f"vit 1\n{IDLE}"), "m"))
    namespace: dict = {}
    exec(torch_source.emit(program), namespace)  # our own output
    model = namespace["Model"]()
    assert set(model.state_dict()) == set(program.weights())
    assert model(torch.randn(2, 3, 4, 4)).shape == (2, 5)


OF_WEIGHTS = """
block net(image: shape = 4x4x3) {
  table = weight([3, 4, 4], normal(1.0))
  conv  = conv2d(2, kernel = 1)
  lstm  = lstm(2)
  forward(image: [3, 4, 4]) { return mean(image, axis = [-2, -3]) + mean(lstm(conv(table)), axis = [-1, -2, -3]) }
}
model m = net
"""


@pytest.mark.filterwarnings("ignore:.*torch.jit.*")
def test_a_convolution_of_weights_scripts():
    """Scripts of torch 2.13 believe that a convolution without a batch gives one."""
    namespace = judge.module(torch_source.source(passes.local(elaborate(loads(f"vit 1\n{OF_WEIGHTS}"), "m"))))
    model = namespace.Model().eval()
    image = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(torch.jit.script(model)(image), model(image))


def test_what_a_loop_only_reads_keeps_its_name(tmp_path):
    """Neither value has a name in the text, so both would be called alike."""
    text = """block add {
  fc = linear(dim)

  forward(x: [dim], more: [dim]) -> [dim] { return fc(x) + more }
}

block net(image: shape = 4x4x3) {
  head   = linear(3)
  blocks = [add for i in 0 .. 3]

  forward(image: [C, H, W]) {
    x = mean(image, axis = [-2, -1])
    return relu(blocks(relu(x), head(x)))
  }
}
model m = net"""
    program = passes.local(elaborate(loads(f"vit 1\n{text}\n"), "m"))
    (tmp_path / "model.py").write_text(torch_source.emit(program))
    module = imported(tmp_path / "model.py").Model().eval()
    image = torch.randn(2, 3, 4, 4)
    x = image.mean((-2, -1))
    y, more = x.relu(), module.head(x)
    for block in module.blocks:
        y = block.fc(y) + more
    assert torch.equal(module(image), y.relu())


@pytest.mark.parametrize("first", ["relu", "linear(3)"])
def test_members_of_a_list_that_are_called_one_by_one(first):
    """Not all of them are modules: equal neighbours have names of their own."""
    text = f"""block add {{
  fc = linear(3)

  forward(x: [N, D]) {{ return x + fc(x) }}
}}

block net(image: shape = 4x4x3) {{
  layers = [{first}, add, add, gelu]

  forward(image: [C, H, W]) {{
    x = rearrange(image, "c h w -> (h w) c")
    return mean(layers[1](x) - layers[2](layers[0](x)), axis = -2)
  }}
}}
model m = net"""
    program = passes.local(elaborate(loads(f"vit 1\n{text}\n"), "m"))
    namespace: dict = {}
    exec(torch_source.emit(program), namespace)  # our own output
    model = namespace["Model"]().double()
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    image = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    (expected,) = evaluate(flatten(program), (image.numpy(),), weights)
    torch.testing.assert_close(model(image), torch.from_numpy(expected), rtol=1e-9, atol=1e-9)
