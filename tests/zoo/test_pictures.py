"""Families that take any picture compute timm's numbers on pictures that are not square, larger and smaller than their grid.

The models of the zoo, made small on both sides: what mixes up rows and columns, or resizes positions by another rule,
shows here and not on the square pictures that the sheets name.
"""

import numpy as np
import pytest
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load

SHEET = {"dim": "64", "depth": "2", "heads": "4", "mlp.hidden": "96"}
THEIRS = {"embed_dim": 64, "depth": 2, "num_heads": 4}
RATIO = THEIRS | {"mlp_ratio": 1.5}
GEMMA = THEIRS | {"head_dim": 16, "intermediate_size": 96}
WIDE, TALL = "80x128x3", "320x288x3"

CASES = [
    ("qwen3_vit", "qwen3_vit_88m_enc", "64x96x3", {"project": "40"}, RATIO | {"out_features": 40}),
    ("qwen3_vit", "qwen3_vit_88m", "96x64x3", {"classes": "7"}, RATIO | {"num_classes": 7}),
    ("deepseek_vit", "deepseek_vit_412m_align", "70x98x3", {"project": "40"}, RATIO | {"out_features": 40}),
    # patches that are not square
    (
        "vit",
        "vit_base_patch16_224",
        WIDE,
        {"patch": "8x16", "classes": "7"},
        RATIO | {"patch_size": (8, 16), "img_size": (80, 128), "num_classes": 7},
    ),
    (
        "rope_vit",
        "vit_small_patch16_rope_224",
        WIDE,
        {"patch": "8x16", "classes": "7"},
        RATIO | {"patch_size": (8, 16), "img_size": (80, 128), "num_classes": 7},
    ),
    ("gemma4_vit", "gemma4_vit_167m_enc", "96x144x3", {}, GEMMA),
    ("gemma4_vit", "gemma4_vit_570m_enc", "144x96x3", {}, GEMMA),
    ("gemma4_vit", "gemma4_vit_570m", "48x80x3", {"classes": "7"}, GEMMA | {"num_classes": 7}),
    *[
        ("naflexvit", f"naflexvit_{name}", image, {}, RATIO)
        for name in (
            "base_patch16_gap",
            "base_patch16_par_gap",
            "base_patch16_parfac_gap",
            "base_patch16_siglip",
            "base_patch16_radio_v3",
            "large_patch16_radio_v3",
        )
        for image in (WIDE, TALL)
    ],
]


def within(name, key):
    """The path of a setting: encoders of language models stand inside a classifier."""
    outside = not name.startswith(("qwen3", "deepseek", "gemma4")) or name.endswith("_enc") or key == "classes"
    return key if outside else f"encoder.{key}"


@pytest.mark.parametrize(("family", "name", "image", "ours", "theirs"), CASES, ids=[f"{c[1]}-{c[2]}" for c in CASES])
def test_pictures_of_any_size(timm, oracle_weights, targets, family, name, image, ours, theirs):
    import torch

    reference = timm.create_model(name, pretrained=False, **theirs).eval()
    program = elaborate(
        load(SPECS / "zoo" / f"{family}.vit"),
        name,
        {within(name, key): value for key, value in (SHEET | ours).items()} | {"image": image},
    )
    made = targets(program)
    height, width, channels = map(int, image.split("x"))
    picture = np.random.default_rng(0).standard_normal((2, channels, height, width)).astype(np.float32)
    for faint in (False, True):
        weights = oracle_weights(reference.state_dict(), faint)
        reference.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()}, strict=True)
        with torch.no_grad():
            expected = reference(torch.from_numpy(picture)).numpy()
        bar = 1e-5 * max(1.0, float(np.abs(expected).max()))
        for target, run in made.items():
            found = run(weights, picture)
            assert found.shape == expected.shape
            assert np.abs(found - expected).max() <= bar, f"{target}, {'faint' if faint else 'unit'}"
