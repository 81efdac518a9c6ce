"""Resampling without torch gives what torch and timm give, in float64 where they can."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vitc.runtime.weights import resize
from vitc.runtime.weights.resize import Method

METHODS = [
    Method("bicubic", True),
    Method("bicubic", False),
    Method("bilinear", True),
    Method("bilinear", False),
    Method("bicubic", False, True),
    Method("bilinear", False, True),
]


def drawn(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(METHODS), *[st.integers(1, 40)] * 4)
def test_interpolation_is_torchs(method, h, w, height, width):
    import torch
    import torch.nn.functional as F

    x = drawn(h, w, 3).astype(np.float64)
    found = resize.grid(x, (height, width), method)
    if width == 1:  # torch 2.13 gives each row of an antialiased result of width 1 the values of the first one
        x, found, height, width = x.transpose(1, 0, 2), found.transpose(1, 0, 2), width, height
    expected = F.interpolate(torch.from_numpy(x).permute(2, 0, 1)[None].contiguous(), size=(height, width), mode=method.kind,
                             antialias=method.antialias, align_corners=method.align_corners)  # fmt: skip
    assert np.abs(found - expected[0].permute(1, 2, 0).numpy()).max() < 1e-9


@pytest.mark.parametrize("prefix", [0, 1, 5])
@pytest.mark.parametrize(
    ("before", "after"), [((14, 14), (24, 24)), ((16, 16), (14, 14)), ((14, 14), (14, 21)), ((7, 9), (12, 5))]
)
def test_positions_are_those_of_timm(timm, prefix, before, after):
    import torch
    from timm.layers.pos_embed import resample_abs_pos_embed

    embed = drawn(1, prefix + before[0] * before[1], 8)
    for method, options in (
        (Method(), {}),
        (Method("bilinear", False), {"interpolation": "bilinear", "antialias": False}),
    ):
        expected = resample_abs_pos_embed(torch.from_numpy(embed), after, before, prefix, **options)
        assert np.abs(resize.positions(embed, before, after, method) - expected.numpy()).max() < 1e-5


@pytest.mark.parametrize(("before", "after"), [(16, 14), (32, 16), (16, 8), (8, 16), (14, 16), (16, 30)])
@pytest.mark.parametrize("method", METHODS[:4])
def test_kernels_are_those_of_timm(timm, before, after, method):
    """timm inverts in float32, which is good to about 1e-5 of the largest number; the matrix itself is torch's."""
    import torch
    from timm.layers.patch_embed import resample_patch_embed

    weight = drawn(4, 3, before, before)
    expected = resample_patch_embed(torch.from_numpy(weight), [after, after], method.kind, method.antialias).numpy()
    found = resize.kernel(weight, (after, after), method)
    assert np.abs(found - expected).max() < 1e-5 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("extra", [0, 3])
@pytest.mark.parametrize(("before", "after"), [(14, 24), (14, 32), (7, 12), (16, 14), (8, 8)])
def test_tables_are_those_of_timm(timm, before, after, extra):
    import torch
    from timm.layers.pos_embed_rel import resize_rel_pos_bias_table, resize_rel_pos_bias_table_simple

    bias, shape = drawn((2 * before - 1) ** 2 + extra, 4), ((2 * after - 1) ** 2 + extra, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = resize_rel_pos_bias_table(torch.from_numpy(bias), (after, after), shape).numpy()
    assert np.abs(resize.table(bias, (before, before), (after, after), None) - expected).max() < 1e-5
    simple = resize_rel_pos_bias_table_simple(torch.from_numpy(bias), (after, after), shape).numpy()
    found = resize.table(bias, (before, before), (after, after), Method("bicubic", False))
    assert np.abs(found - simple).max() < 1e-5
