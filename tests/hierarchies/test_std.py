"""Attention and the block orders of std run over any leading axes, each window for itself."""

import numpy as np
import pytest
from oracles import imported
from vitc.compiler import passes
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads

LAYERS = {
    "attention": "attention(2)",
    "attention, norms": "attention(2, qk_norm = layernorm)",
    "encoder": "encoder(attention(2), mlp, layernorm, scale = 0.5)",
    "res_post": "res_post(attention(2), mlp, layernorm)",
    "parallel": "parallel(attention(2), mlp, layernorm)",
    "attention_pool": "attention_pool(2)",
}


@pytest.mark.parametrize("layer", LAYERS)
def test_over_leading_axes_each_window_is_for_itself(tmp_path, layer):
    import torch

    text = f"""vit 1
use "std/windows.vit"

block net(image: shape = 4x6x8) {{
  layer = {LAYERS[layer]}

  forward(image: [C, H, W]) {{
    x = windows(rearrange(image, "c h w -> h w c"), 2, 3)
    return all = layer(x), each = stack([stack([layer(x[i, j]) for j in 0 .. 2]) for i in 0 .. 2])
  }}
}}
model m = net
"""
    program = passes.local(elaborate(loads(text), "m"))
    module = imported(torch_source.emit(program, ("all", "each")), tmp_path).Model().eval()
    image = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 8, 4, 6)).astype(np.float32))
    with torch.no_grad():
        together, apart = module(image)
    apart = apart.movedim((-1, -2), (1, 2))
    assert together.shape == apart.shape == (3, 2, 2, *together.shape[3:])
    assert float((together - apart).abs().max()) <= 1e-6 * max(1.0, float(apart.abs().max()))
    assert float((apart[:, 0, 0] - apart[:, 1, 1]).abs().max()) > 1e-3
