"""A model with several results: the first is served, all are there in eager training, `export { outputs }` names more."""

import json
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import torch
import vitc
from vitc.diagnostics import VitError
from vitc.runtime.predict import Predictor
from vitc.runtime.verify.modules import imported
from vitc.tests.oracles import drawn

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.")  # torch's word on TorchScript

NAME = "deit_tiny_distilled_patch16_224"
#: Names that a named tuple or Python keeps for itself, and a body that differs under training.
ODD = """vit 1
block pair() {
  a = linear(4)
  b = linear(5)
  forward(x: [D]) { return a(x), b(x) }
}
block odd(image: shape = 8x8x3) {
  pair = pair
  far  = linear(6)

  forward(image: [C, H, W]) {
    x = mean(image, axis = [-2, -1])
    if training { x = 3 * x }
    u, v = pair(x)
    return class = u, _aux = v, count = far(x), aux = x, same = u, Results = 2 * u
  }
}
block bare(image: shape = 8x8x3) {
  pair = pair
  forward(image: [C, H, W]) { return pair(mean(image, axis = [-2, -1])) }
}
model m = odd
model n = bare
"""
FIELDS = ("class_", "aux", "count_", "aux2", "same", "Results_")
TRAINED = """vit 1
use "std/deit.vit"
model d = distilled {
  image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 10
  input { mean = 0.0, std = 1.0, interpolation = bilinear, crop = 1.0 }
}
data { source = fake(count = 16, held_out = 8) }
train { epochs = 1, batch = 16, optimizer = adamw(lr = 0.1) }
export { torchscript = false }
"""


@pytest.fixture(scope="module")
def distilled(timm, tmp_path_factory):
    """timm's model with drawn weights, the folder that is compiled with them, and pictures."""
    reference = timm.create_model(NAME, pretrained=False, depth=2).eval()
    rng = np.random.default_rng(0)
    state = {k: torch.from_numpy(np.float32(drawn(rng, k, v.shape))) for k, v in reference.state_dict().items()}
    reference.load_state_dict(state)
    folder = tmp_path_factory.mktemp("distilled")
    vitc.compile(NAME, out=folder, settings={"depth": "2"}, weights=state, verify=False)
    return reference, folder, torch.from_numpy(np.float32(rng.standard_normal((2, 3, 224, 224))))


@pytest.fixture
def odd(tmp_path):
    """Compiles a model of `ODD` with settings, and gives its manifest and folder."""
    spec = tmp_path / "odd.vit"
    spec.write_text(ODD)

    def build(model="m", to=("torch",), **settings):
        folder = tmp_path / model
        return vitc.compile(spec, model, folder, to=to, settings=settings, verify=len(to) != 1), folder

    return build


def session(folder):
    return onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])


def near(ours, theirs):
    ours, theirs = ours.detach(), theirs.detach()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5 * max(1.0, float(theirs.abs().max())))


def test_every_file_serves_what_timm_does_at_inference(distilled):
    reference, folder, image = distilled
    with torch.no_grad():
        expected = reference(image)
        near(imported(folder / "model.py").Model.load(str(folder / "model.safetensors"))(image), expected)
        near(torch.jit.load(folder / "model.ts")(image), expected)
    run = session(folder)
    assert [output.name for output in run.get_outputs()] == ["logits"]
    near(torch.from_numpy(run.run(None, {"image": image.numpy()})[0]), expected)
    assert json.loads((folder / "manifest.json").read_text())["outputs"] == {"logits": ["batch", 1000]}


def test_eager_training_gives_both_heads_of_timm_and_their_mean_to_a_loss_on_each(distilled):
    reference, folder, image = distilled
    model = imported(folder / "model.py").Model.load(str(folder / "model.safetensors")).train()
    reference.train()
    reference.set_distilled_training(True)
    try:
        cls, dist = (head.detach() for head in reference(image))
    finally:
        reference.set_distilled_training(False)
        reference.eval()
    given = model(image)
    assert given._fields == ("logits", "cls", "dist")
    near(given.cls, cls)
    near(given.dist, dist)
    near(given.logits, (cls + dist) / 2)
    labels = torch.tensor([1, 2])
    loss = torch.nn.functional.cross_entropy(given.cls, labels) + torch.nn.functional.cross_entropy(given.dist, labels)
    loss.backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None] == []


@pytest.mark.parametrize("training", [False, True])
def test_scripted_or_exported_it_is_one_tensor_in_either_mode(distilled, training):
    reference, folder, image = distilled
    model = imported(folder / "model.py").Model.load(str(folder / "model.safetensors")).train(training)
    with torch.no_grad():
        expected = reference(image)
        near(torch.jit.script(model)(image), expected)
        near(torch.export.export(model, (image,)).module()(image), expected)
        compiled = torch.compile(model, backend="eager", fullgraph=True)(image)
    assert type(compiled).__name__ == ("Results" if training else "Tensor")
    near(compiled.logits if training else compiled, expected)


class Around(torch.nn.Module):
    """A scripted module can call the scripted model as one that gives a tensor."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor):
        return self.inner(x).softmax(-1)


def test_a_script_around_the_model_takes_its_result_as_a_tensor(odd):
    _, folder = odd()
    model, x = imported(folder / "model.py").Model.load(str(folder / "model.safetensors")), torch.randn(2, 3, 8, 8)
    near(torch.jit.script(Around(model))(x), model(x).softmax(-1))


def test_under_training_every_form_computes_what_training_does(odd):
    _, folder = odd()
    model, x = imported(folder / "model.py").Model.load(str(folder / "model.safetensors")), torch.randn(2, 3, 8, 8)
    model.train()
    given = model(x)
    assert given._fields == FIELDS
    near(given.aux2, 3 * x.mean((-2, -1)))
    near(torch.jit.script(model)(x), given.class_)
    near(torch.export.export(model, (x,)).module()(x), given.class_)
    model.eval()
    near(model(x), torch.nn.functional.linear(x.mean((-2, -1)), model.pair.a.weight, model.pair.a.bias))


def test_export_names_more_results_for_torchscript_and_onnx(odd):
    manifest, folder = odd(to=(), **{"export.outputs": "[count, _aux]"})
    assert list(manifest["outputs"]) == ["class", "_aux", "count"]  # the served one first, in the order of the text
    rows = {(row["target"], row["output"]) for row in manifest["verification"]["rows"]}
    several = {(target, name) for target in ("torchscript", "onnx") for name in ("class", "_aux", "count")}
    assert rows == {("torch", "class"), *several}
    assert all(row["ok"] for row in manifest["verification"]["rows"])
    model, x = imported(folder / "model.py").Model.load(str(folder / "model.safetensors")), torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        scripted, mean = torch.jit.load(folder / "model.ts")(x), x.mean((-2, -1))
        assert scripted._fields == ("class_", "aux", "count_")
        for ours, theirs in zip(scripted, (model(x), model.pair.b(mean), model.far(mean)), strict=True):
            near(ours, theirs)
    run = session(folder)
    assert [output.name for output in run.get_outputs()] == ["class", "_aux", "count"]
    for ours, theirs in zip(run.run(None, {"image": x.numpy()}), scripted, strict=True):
        near(torch.from_numpy(ours), theirs)
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "model.onnx", "model.py", "model.safetensors", "model.ts",
    ]  # fmt: skip


def test_results_without_names_are_numbered_and_what_is_not_served_is_not_computed(odd):
    manifest, folder = odd("n")
    assert list(manifest["outputs"]) == ["output0"]
    model, x = imported(folder / "model.py").Model(), torch.randn(2, 3, 8, 8)
    assert model(x)._fields == ("output0", "output1")
    manifest, folder = odd("m")
    assert manifest["macs"] == 3 * 4  # the heads `b` and `far` have no part in `class`
    model, ran = imported(folder / "model.py").Model().eval(), []
    model.far.register_forward_hook(lambda *_: ran.append("far"))
    model(x)
    assert ran == []


def test_the_text_is_clean(odd, tmp_path):
    files = [str(odd(name)[1] / "model.py") for name in ("m", "n")]
    for command in (["ruff", "format", "--check", "--isolated"], ["ruff", "check", "--isolated"],
                    ["pyright", "--pythonpath", sys.executable]):  # fmt: skip
        done = subprocess.run([sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("value", "code", "message", "help"),
    [
        ("[_aux, cuont]", "V0602", "`m` has no result `cuont`", "did you mean `count`?"),
        ("logits", "V0602", "`m` has no result `logits`", "there is Results, _aux, aux, class, count, same"),
        ("[aux, aux]", "V0603", "`outputs` names `aux` twice", ""),
        ("true", "V0603", "`outputs` takes names of results like [logits, features], not true", ""),
    ],
)
def test_a_result_that_is_not_there_is_told_at_its_name(odd, value, code, message, help, tmp_path):
    for call in (lambda: odd(**{"export.outputs": value}),
                 lambda: vitc.check(tmp_path / "odd.vit", "m", {"export.outputs": value})):  # fmt: skip
        with pytest.raises(VitError) as caught:
            call()
        (found,) = caught.value.diagnostics
        assert (found.code, found.message) == (code, message)
        assert help in found.help
        assert found.span is not None
        if "cuont" in message:
            assert found.span.text == "cuont"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("if training { return a = x, b = x }\nreturn a = x", "V0410", "gives a, b in training and a in inference"),
        ("if training { return a = x, c = x }\nreturn a = x, b = x", "V0410", "gives a, c in training and a, b in inference"),
        ("return image = x", "V0204", "the image and a result of the model are both called `image`"),
        ("return both = unstack(stack([x, x])), b = x", "V0409", "a model gives tensors and nothing else"),
        ("return both = pair(x)", "V0404", "`both` names 2 results"),
    ],
)  # fmt: skip
def test_results_that_are_no_results_of_a_model_are_told(tmp_path, body, code, words):
    spec = tmp_path / "m.vit"
    body = f"x = mean(image, axis = [-2, -1])\n{body}"
    spec.write_text(
        f"{ODD.partition('block odd')[0]}block net(image: shape = 8x8x3) {{\n  pair = pair\n"
        f"  forward(image: [C, H, W]) {{\n{body}\n}}\n}}\nmodel m = net\n"
    )
    with pytest.raises(VitError) as caught:
        vitc.check(spec)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert words in found.message


def test_training_minimises_the_loss_of_the_first_result_and_prediction_gives_it(tmp_path):
    spec = tmp_path / "d.vit"
    spec.write_text(TRAINED)
    vitc.train(spec, out=tmp_path / "run", device="cpu")
    folder = tmp_path / "run" / "export"
    model = imported(folder / "model.py").Model.load(str(folder / "model.safetensors"))
    drawn = vitc.compile(spec, out=tmp_path / "start", to=("torch",), verify=False)
    start = imported(tmp_path / "start" / "model.py").Model.load(str(tmp_path / "start" / "model.safetensors"))
    assert drawn["params"] == sum(weight.numel() for weight in model.parameters())
    for head in ("head", "head_dist"):
        assert not torch.equal(getattr(model, head).weight, getattr(start, head).weight)
    x = torch.randn(3, 1, 8, 8)
    ours = Predictor(folder).logits(x.numpy())
    near(torch.from_numpy(ours).float(), model(x))


def test_training_tells_which_weights_it_leaves_alone(tmp_path):
    from vitc.runtime.training.train import Listener

    spec, told = tmp_path / "m.vit", []
    spec.write_text(
        """vit 1
block net(image: shape = 4x4x1) {
  a = linear(10)
  b = linear(4)
  forward(image: [C, H, W]) {
    x = rearrange(image, "c h w -> (c h w)")
    return logits = a(x), aux = b(x)
  }
}
model m = net { input { mean = 0.0, std = 1.0, interpolation = bilinear, crop = 1.0 } }
data { source = fake(count = 16, held_out = 8) }
train { epochs = 1, batch = 16 }
export { torch = false, torchscript = false, onnx = false }
"""
    )
    vitc.train(spec, out=tmp_path / "run", device="cpu", listener=Listener(warning=told.append))
    assert [(found.code, found.message) for found in told] == [
        ("V0606", "the loss is that of `logits`; 2 weights on which only other results depend will not be trained: "
         "`b.bias`, `b.weight`"),
    ]  # fmt: skip
