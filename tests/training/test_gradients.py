"""Back-propagation: gradients of printed models against difference quotients, in float64."""

import importlib.util

import pytest
import torch
from vitc.compiler import passes
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads

TINY = "image = 4x4x1, patch = 2, dim = 4, depth = 1, heads = 2, classes = 3, pos_embed = weight([1, N + 1, dim], trunc_normal(0.5))"
MODELS = {
    "attention and mlp": f"model m = vit {{ {TINY}, mlp.hidden = 5 }}",
    "rmsnorm, qk-norm, layer scale": f"model m = vit {{ {TINY}, norm = rmsnorm, attn.qk_norm = layernorm, layer.scale = 0.5 }}",
    "batchnorm in training": f"model m = vit {{ {TINY}, norm = batchnorm(axis = -1) }}",
    "gated mlp, pooled by a query": f"model m = vit {{ {TINY}, mlp = glu(hidden = 3), pool = map }}",
    "maximum": f"model m = vit {{ {TINY}, pool = max, mlp.act = gelu_tanh }}",
    "the notes": 'use "zoo/notes.vit"\nmodel m = notes_vit { image = 4x4x1, dim = 4, depth = 1, heads = 2, classes = 3 }',
    "windows": 'use "std/swin.vit"\nmodel m = swin { image = 8x8x1, patch = 2, dim = 4, depths = [2], heads = [2], window = 2, classes = 3, drop_path = 0.0 }',
    "convolutions and pools": """
    block net(image: shape = 6x6x1) {
      a = conv2d(2, kernel = 3, padding = 1)
      norm = batchnorm
      b = conv2d(3, kernel = 2)
      forward(image: [1, 6, 6]) { return mean(b(avg_pool(silu(norm(a(image))), 2)), axis = [-2, -1]) }
    }
    model m = net""",
}


def module(text, folder):
    source = torch_source.emit(passes.local(elaborate(loads(f"vit 1\n{text}\n"), "m")))
    (folder / "model.py").write_text(source)
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    torch.manual_seed(0)
    return made.Model().double()


@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_the_slopes_of_the_loss(name, tmp_path):
    model = module(MODELS[name], tmp_path).train()
    size = 8 if name == "windows" else 6 if "pools" in name else 4
    image = torch.randn(3, 1, size, size, dtype=torch.float64, requires_grad=True)
    names = [n for n, _ in model.named_parameters()]
    weights = tuple(p.detach().clone().requires_grad_() for p in model.parameters())

    def loss(image, *weights):
        logits = torch.func.functional_call(model, dict(zip(names, weights, strict=True)), (image,))
        return torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2]))

    assert torch.autograd.gradcheck(loss, (image, *weights), eps=1e-6, atol=1e-6, fast_mode=True)
