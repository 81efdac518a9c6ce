"""Architectures that ask much of the language, each a text of its own: weights as timm names and shapes them."""

from pathlib import Path

import pytest
from programs import load
from vitc.compiler import driver, elaborate

SPECS = Path(__file__).parent / "specs"
#: Model by file, and what timm gives for arguments.
MODELS = {
    "coat_lite_tiny": "coat.vit",
    "hiera_base_224": "hiera.vit",
    "levit_256": "levit.vit",
    "mvitv2_tiny": "mvit.vit",
    "samvit_base_patch16": "sam.vit",
    "sequencer2d_s": "sequencer.vit",
    "vit_small_r26_s32_224": "hybrid.vit",
    "xcit_small_12_p16_224": "xcit.vit",
}


@pytest.mark.parametrize("name", MODELS)
def test_names_and_shapes_are_timms(timm, name):
    import torch

    made = elaborate.elaborate(load(SPECS / MODELS[name]), name)
    stored = {key: spec.shape for key, spec in made.weights().items()}
    again = {second: first for second in list_names(made) if (first := made.canonical(second)) != second}
    with torch.device("meta"):
        theirs = {key: tuple(value.shape) for key, value in timm.create_model(name).state_dict().items()}
    assert {**stored, **{second: stored[first] for second, first in again.items()}} == theirs


def list_names(made):
    from vitc.compiler.ir.program import walk_weights

    return [name for name, _ in walk_weights(made.root)]


@pytest.mark.parametrize("name", ["levit_256", "mvitv2_tiny", "sequencer2d_s", "coat_lite_tiny"])
def test_the_whole_front_half_takes_them(name):
    compiled = driver.prepare(load(SPECS / MODELS[name]), name)
    assert compiled.macs > 10**8
