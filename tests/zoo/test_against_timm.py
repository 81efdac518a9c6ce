"""Models from `.vit` text alone compute timm's numbers with timm's weights: in PyTorch, ONNX Runtime and numpy."""

import zlib

import numpy as np
import onnxruntime
import pytest
from vitc.compiler import passes
from vitc.compiler.backends.onnx import writer as onnx
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import loads
from vitc.compiler.evaluate import evaluate
from vitc.compiler.flatten import flatten
from vitc.runtime.verify.modules import imported

TEXTS = {
    "vit_tiny_patch16_224": ("model m = vit { dim = 192, heads = 3 }", {}),
    "deit3_small_patch16_224": (
        "model m = vit { dim = 384, heads = 6, depth = 3, pos = patches, layer.scale = 1e-6 }",
        {"depth": 3},
    ),
    "vit_small_patch14_reg4_dinov2": (
        "model m = vit { image = 224x224x3, patch = 14, dim = 384, heads = 6, depth = 3, registers = 4, "
        "pos = patches, layer.scale = 1e-5, classes = none }",
        {"depth": 3, "img_size": 224},
    ),
    "vit_giant_patch14_reg4_dinov2": (
        "model m = vit { image = 98x98x3, patch = 14, dim = 1536, heads = 24, depth = 2, registers = 4, "
        "pos = patches, layer.scale = 1e-5, classes = none, mlp = glu(hidden = 4096) }",
        {"depth": 2, "img_size": 98},
    ),
    "vit_base_patch16_clip_224": (
        "model m = vit { depth = 2, norm = layernorm, norm_pre = norm, classes = 512 }",
        {"depth": 2, "num_classes": 512},
    ),
    "eva02_tiny_patch14_224": (
        'use "eva.vit"\nmodel m = eva { patch = 14, dim = 192, heads = 3, depth = 3, mlp = glu(hidden = 512), classes = none, '
        "rope = rope_axial(image.h // patch, image.w // patch, dim // heads, ref = [16, 16]) }",
        {"depth": 3},
    ),
    "eva02_base_patch14_224": (
        'use "eva.vit"\nmodel m = eva { patch = 14, depth = 2, attn.fused = false, mlp = swiglu(hidden = 2048, norm = norm), '
        "classes = none, rope = rope_axial(image.h // patch, image.w // patch, dim // heads, ref = [16, 16]) }",
        {"depth": 2},
    ),
    "cait_xxs24_224": ('use "cait.vit"\nmodel m = cait { depth = 3, expect params > 0 }', {"depth": 3}),
    "swin_tiny_patch4_window7_224": (
        'use "swin.vit"\nmodel m = swin { depths = [2, 2, 2, 1] }',
        {"depths": (2, 2, 2, 1)},
    ),
    "mixer_s32_224": ('use "mixer.vit"\nmodel m = mixer { patch = 32, dim = 512, depth = 8 }', {}),
}


def oracle_weights(model, faint: bool) -> dict[str, np.ndarray]:
    """Every entry of a state dict drawn anew, zero-initialised ones too; `faint` quiets what writes the residual
    stream, so that a wrong eps shows."""
    drawn = {}
    for name, tensor in model.state_dict().items():
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        shape, last = tuple(tensor.shape), name.split(".")[-1]
        if last in ("gamma", "gamma_1", "gamma_2"):
            value = 0.5 + 0.1 * rng.standard_normal(shape)
        elif len(shape) == 1 and last == "weight":
            value = 1 + 0.2 * rng.standard_normal(shape)
        elif len(shape) == 1 or name.endswith(("token", "pos_embed")):
            value = 0.2 * rng.standard_normal(shape)
        else:
            value = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))
        writes = ("patch_embed.proj", "cls_token", "reg_token", "pos_embed", ".attn.proj.", ".fc2.")
        if faint and any(part in name for part in writes):
            value = value * 3e-3
        drawn[name] = value.astype(np.float32)
    return drawn


@pytest.mark.parametrize("name", TEXTS)
def test_the_numbers_are_timms(timm, name, tmp_path):
    import torch

    text, options = TEXTS[name]
    reference = timm.create_model(name, pretrained=False, **options).eval()
    program = passes.local(elaborate(loads(f"vit 1\n{text}\n"), "m"))
    expected_shapes = {k: tuple(v.shape) for k, v in reference.state_dict().items()}
    assert {k: s.shape for k, s in program.weights().items()} == expected_shapes
    graph = passes.apply(flatten(program), passes.GLOBAL)
    (tmp_path / "model.py").write_text(torch_source.emit(program))
    model = imported(tmp_path / "model.py").Model().eval()
    for faint in (False, True):
        weights = oracle_weights(reference, faint)
        reference.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()}, strict=True)
        image = np.random.default_rng(0).standard_normal((2, *graph.inputs[0].type.shape)).astype(np.float32)
        with torch.no_grad():
            expected = reference(torch.from_numpy(image)).numpy()
        bar = 1e-5 * max(1.0, float(np.abs(expected).max()))
        model.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()}, strict=True)
        with torch.no_grad():
            assert np.abs(model(torch.from_numpy(image)).numpy() - expected).max() <= bar
        (ours,) = evaluate(graph, (image,), weights, "float32")
        assert np.abs(ours - expected).max() <= bar
        path = tmp_path / "model.onnx"
        onnx.write(graph, {k: lambda v=v: v for k, v in weights.items()}, path, {})
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for count in (1, 2):
            (run,) = session.run(["logits"], {"image": image[:count]})
            assert np.abs(run - expected[:count]).max() <= bar


def test_the_bundled_sheets_have_timms_names_and_shapes(timm):
    import torch
    from vitc.compiler.elaborate.library import load

    library = load(SPECS / "zoo" / "vit.vit")
    for name in library.models():
        with torch.device("meta"):
            reference = timm.create_model(name, pretrained=False).state_dict()
        weights = elaborate(library, name).weights()
        assert {k: s.shape for k, s in weights.items()} == {k: tuple(v.shape) for k, v in reference.items()}
