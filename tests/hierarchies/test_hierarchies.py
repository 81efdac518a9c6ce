"""Sixteen architectures beside the zoo, most of them hierarchies, compute timm's numbers under timm's names.

Each file here is one architecture, written in the language alone; its models are small, so that all of them run in every
suite. The sheets of a file and timm's constructor are given the same sizes.
"""

import re
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from oracles import drawn, targets
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load
from vitc.compiler.flatten import flatten
from vitc.compiler.ir.program import walk

HERE = Path(__file__).parent
FAINT = 0.03
LIBRARIES = {path.stem: load(path) for path in sorted(HERE.glob("*.vit"))}


def _meta(timm):
    """What the two models of metaformer are made of in timm."""
    m = timm.models.metaformer
    mixers = [m.SepConv, m.SepConv, m.Attention, m.Attention]
    norms = [m.LayerNorm2dNoBias, m.LayerNorm2dNoBias, m.LayerNormNoBias, m.LayerNormNoBias]
    return m.MetaFormer(dims=(32, 64, 96, 128), depths=(1, 1, 2, 1), token_mixers=mixers, norm_layers=norms)


def _pool(timm):
    import torch

    m = timm.models.metaformer
    return m.MetaFormer(
        dims=(32, 64, 96, 128), depths=(1, 1, 2, 1), downsample_norm=None, mlp_act=torch.nn.GELU, mlp_bias=True,
        norm_layers=m.GroupNorm1, layer_scale_init_values=1e-5, res_scale_init_values=None, use_mlp_head=False,
    )  # fmt: skip


def _focal(timm, **options):
    return timm.models.focalnet.FocalNet(embed_dim=32, depths=(1, 1, 2, 1), **options)


def _pvt(timm, **options):
    return timm.models.pvt_v2.PyramidVisionTransformerV2(depths=(1, 1, 1, 1), num_heads=(1, 2, 5, 8), **options)


def _made(name, **options):
    return lambda timm: timm.create_model(name, **options)


def _built(module, name, **options):
    return lambda timm: getattr(getattr(timm.models, module), name)(**options)


#: timm's model for each of ours, by file and name.
THEIRS = {
    ("convit", "convit_tiny"): _made("convit_tiny", img_size=64, depth=3, local_up_to_layer=2),
    ("crossvit", "crossvit_tiny"): _made(
        "crossvit_tiny_240", img_size=120, img_scale=(1.0, 112 / 120), embed_dim=[24, 48], depth=[[1, 2, 0]] * 2
    ),
    ("davit", "davit_tiny"): _made("davit_tiny", embed_dims=(24, 48, 96, 192)),
    ("edgenext", "edgenext_xx_small"): _made("edgenext_xx_small"),
    ("efficientvit_msra", "efficientvit_m0"): _made("efficientvit_m0", img_size=128),
    ("focalnet", "focalnet_tiny_srf"): _focal,
    ("focalnet", "focalnet_huge"): partial(
        _focal, focal_levels=(3, 3, 3, 3), use_overlap_down=True, use_post_norm=True, use_post_norm_in_modulation=True,
        normalize_modulator=True, layerscale_value=1e-4,
    ),
    ("gcvit", "gcvit_xxtiny"): _built(
        "gcvit", "GlobalContextVit", img_size=128, embed_dim=32, depths=(2, 2, 2, 2), num_heads=(2, 4, 8, 16)
    ),
    ("mambaout", "mambaout_tiny"): _built("mambaout", "MambaOut", dims=(24, 48, 64, 96), depths=(1, 1, 2, 1)),
    ("metaformer", "caformer"): _meta,
    ("metaformer", "poolformer"): _pool,
    ("mobilevit", "mobilevit_xxs"): _made("mobilevit_xxs"),
    ("nest", "nest_tiny"): _built(
        "nest", "Nest", img_size=64, embed_dims=(24, 48, 96), num_heads=(3, 6, 12), depths=(1, 1, 2)
    ),
    ("pvt_v2", "pvt_v2_b0"): _made("pvt_v2_b0"),
    ("pvt_v2", "pvt_v2_b2_li"): partial(_pvt, embed_dims=(16, 32, 40, 64), linear=True),
    ("swinv2", "swinv2_tiny"): _built(
        "swin_transformer_v2", "SwinTransformerV2",
        img_size=64, embed_dim=24, depths=(2, 2, 2), num_heads=(2, 4, 8), window_size=4,
    ),
    ("tiny_vit", "tiny_vit_5m"): _built(
        "tiny_vit", "TinyVit", embed_dims=(16, 32, 40, 80), depths=(1, 1, 2, 1), num_heads=(2, 4, 5, 10)
    ),
    ("twins", "twins_svt_small"): _made("twins_svt_small", img_size=128, embed_dims=[16, 32, 64, 128], depths=[2, 2, 2, 2]),
    ("volo", "volo_d1"): _built(
        "volo", "VOLO", layers=[2, 1, 1, 1], img_size=64, embed_dims=(48, 96, 96, 96), num_heads=(2, 4, 4, 4)
    ),
}  # fmt: skip


def test_every_model_of_the_folder_is_compared():
    found = {(file, model) for file, library in LIBRARIES.items() for model in library.models()}
    assert found == set(THEIRS)


def test_every_block_of_the_library_is_compared():
    used = {layer.kind for file, name in THEIRS for _, layer in walk(elaborate(LIBRARIES[file], name).root)}
    text = (SPECS / "std" / "hierarchy.vit").read_text(encoding="utf-8")
    assert set(re.findall(r"^block (\w+)", text, re.M)) <= used


@pytest.mark.parametrize(("file", "name"), THEIRS, ids=lambda value: value)
def test_names_shapes_and_numbers_are_timms(timm, tmp_path, file, name):
    import torch

    reference = THEIRS[file, name](timm).eval()
    program = elaborate(LIBRARIES[file], name)
    state = reference.state_dict()
    theirs = {key: tuple(tensor.shape) for key, tensor in state.items()}
    assert {key: tuple(spec.shape) for key, spec in program.weights().items()} == theirs
    ours = targets(program, tmp_path)
    picture = np.random.default_rng(0).standard_normal((2, *program.root.bodies[0].inputs[0].type.shape))
    for faint in ("nothing", "matrices", "vectors"):
        weights = _weights(state, faint)
        reference.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()}, strict=True)
        image = (picture * (FAINT if faint == "vectors" else 1)).astype(np.float32)
        with torch.no_grad():
            expected = reference(torch.from_numpy(image)).numpy()
        for target, run in ours.items():
            error = np.abs(run(weights, image) - expected).max() / np.abs(expected).max()
            assert error <= 1e-5, f"{target}, faint: {faint}"


RAMPS = {
    ("davit", "davit_tiny"): _built("davit", "DaVit", embed_dims=(24, 48, 96, 192), drop_path_rate=0.3),
    ("focalnet", "focalnet_tiny_srf"): partial(_focal, drop_path_rate=0.3),
    ("swinv2", "swinv2_tiny"): _built(
        "swin_transformer_v2", "SwinTransformerV2",
        img_size=64, embed_dim=24, depths=(2, 2, 2), num_heads=(2, 4, 8), window_size=4, drop_path_rate=0.3,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "name"), RAMPS, ids=lambda value: value)
def test_rates_of_stochastic_depth_are_timms(timm, file, name):
    program = elaborate(LIBRARIES[file], name, {"drop_path": "0.3"})
    ours = [node.attrs["rate"] for node in flatten(program).nodes if node.op == "stochastic_depth"]
    dropped = [m.drop_prob for m in RAMPS[file, name](timm).modules() if isinstance(m, timm.layers.DropPath)]
    assert [rate for rate in ours if rate > 0] == pytest.approx(dropped)
    assert ours[-1] == pytest.approx(0.3) and len(set(ours)) > 3


def _weights(state, faint):
    """Every entry drawn anew: as large as usual, or with all that is no norm faint, or with the vectors faint. The last
    two are there so that every layer norm has an input on which a wrong eps shows.

    Batch norms are always quieter than 1: where nothing else norms, the sum of the branches grows until float32 can't
    hold the scores of attention (timm's own error to float64 is 1.6e-5 then).
    """
    found = {}
    for key, tensor in state.items():
        shape, (owner, _, last) = tuple(tensor.shape), key.rpartition(".")
        value = drawn(np.random.default_rng(zlib.crc32(key.encode())), key, shape)
        norm = len(state.get(f"{owner}.weight", tensor).shape) == 1
        batchnorm = norm and f"{owner}.running_var" in state
        if batchnorm and last == "weight":
            value = value * 0.5
        elif last != "running_var" and ((faint == "matrices" and not norm) or (faint == "vectors" and len(shape) == 1)):
            value = value * FAINT
        found[key] = np.asarray(value, np.float32 if tensor.is_floating_point() else np.int64)
    return found
