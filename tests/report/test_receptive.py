"""Receptive fields against the support of the gradient, which torch's autograd knows."""

import numpy as np
import pytest
import torch
from vitc.compiler import passes
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.compiler.ops.base import NOWHERE
from vitc.compiler.report import receptive
from vitc.compiler.report.layers import layers, traced
from vitc.runtime.verify.draws import unit_weights
from vitc.runtime.verify.modules import imported

STEM = """block net(image: shape = 20x24x1, classes = 3) {
  conv1 = conv2d(4, kernel = 3, stride = 2, padding = 1)
  conv2 = conv2d(5, kernel = [3, 2], padding = [1, 0])
  fc    = linear(classes)
  forward(image: [C, H, W]) {
    x = max_pool(relu(conv1(image)), 3, stride = 2, padding = 1)
    x = avg_pool(conv2(x), 2)
    return fc(rearrange(x, "c h w -> (h w) c")[2:4])
  }
}
model m = net
"""
MODELS = {
    "a convolution stem with pooling": STEM,
    "a plain ViT": "model m = vit { image = 12x16x3, patch = 4, dim = 8, heads = 2, depth = 2, classes = 3 }",
    "Swin": """use "swin.vit"
model m = swin { image = 24x24x3, patch = 2, dim = 8, heads = [1, 2], depths = [2, 2], window = 3, classes = 3 }""",
    "Mixer": 'use "mixer.vit"\nmodel m = mixer { image = 8x12x3, patch = 4, dim = 8, depth = 2, classes = 3 }',
}
#: Elements of each layer that are looked at.
PICKED = 6


def program(text):
    return passes.local(elaborate(loads(f"vit 1\n{text}\n"), "m"))


def torch_model(made, folder):
    (folder / "model.py").write_text(torch_source.emit(made))
    model = imported(folder / "model.py").Model().double().eval()
    model.load_state_dict({name: torch.from_numpy(array) for name, array in unit_weights(made).items()})
    return model


def supports(model, shape, paths, picked):
    """The pixels [H, W] that each picked element of each layer moves with, in any of four pictures (a maximum follows one
    pixel of its window, a ReLU none at times)."""
    found = {}
    for seed in range(4):
        image = torch.from_numpy(np.random.default_rng(seed).standard_normal((1, *shape))).requires_grad_()
        outputs = {}
        for path in paths:
            model.get_submodule(path).register_forward_hook(
                lambda module, inputs, output, path=path, outputs=outputs: outputs.__setitem__(path, output)
            )
        outputs[""] = model(image)
        for path, output in outputs.items():
            for index in picked(path, output[0].shape):
                (grad,) = torch.autograd.grad(output[0][index], image, retain_graph=True)
                size = grad[0].abs().amax(0)
                seen = size > 1e-30 * size.max()  # a mask of -100 leaves e^-100 = 4e-44
                found[path, index] = found.get((path, index), False) | seen.numpy()
    return found


@pytest.mark.parametrize("name", MODELS)
def test_a_field_is_the_support_of_the_gradient(name, tmp_path):
    made = program(MODELS[name])
    trace = traced(made)
    given = {path: calls[0][0] for path, calls in trace.results.items()}
    of = dict(receptive.boxes(trace.graph))
    boxes = {path: of[value] for path, value in given.items()}
    shape = trace.graph.inputs[0].type.shape
    model = torch_model(made, tmp_path)
    rng = np.random.default_rng(0)
    chosen = {}

    def picked(path, dims):
        if path not in chosen:
            chosen[path] = [tuple(int(rng.integers(n)) for n in dims) for _ in range(PICKED)]
        return chosen[path]

    paths = [path for path in boxes if path and hasattr_path(model, path)]
    assert len(paths) > 2
    for (path, index), seen in supports(model, shape, paths, picked).items():
        rows, columns = np.nonzero(seen.any(1))[0], np.nonzero(seen.any(0))[0]
        expected = (rows[0], columns[0], -rows[-1], -columns[-1]) if rows.size else (NOWHERE,) * 4
        assert tuple(boxes[path][(slice(None), *index)]) == expected, (path, index)


def hasattr_path(model, path):
    """Whether printed code has a module at this path."""
    try:
        model.get_submodule(path)
    except AttributeError:
        return False
    return True


def test_the_largest_field_of_each_layer_is_reported():
    made = program(MODELS["Swin"])
    fields = {row.path: row.field for row in layers(made, traced(made))}
    assert fields["patch_embed.proj"] == (2, 2)
    assert fields["layers.0.blocks.0"] == (6, 6)  # a window of 3 patches of 2 pixels
    assert fields["layers.0.blocks.1"] == (12, 12)  # a shifted window touches two; what was rolled round does not count
    assert fields["head"] == fields[""] == (24, 24)


def test_a_tensor_that_is_too_large_leaves_the_field_open(monkeypatch):
    monkeypatch.setattr(receptive, "LARGEST", 100)
    made = program(MODELS["a plain ViT"])
    assert {row.field for row in layers(made, traced(made))} == {None}
