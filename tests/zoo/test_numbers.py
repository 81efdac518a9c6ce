"""The sheets of the zoo compute timm's numbers with timm's weights, once for every distinct kind of model.

Two models are of one kind if the same operators with the same attributes run on weights of the same names, sizes and
repetition aside; the smallest of a kind stands for it. Above 100 million parameters it runs with fewer blocks, and where
attention is over thousands of tokens on a smaller image.
"""

import datetime
import random

import numpy as np
import pytest
from kinds import DEPTHS, KINDS, LIBRARIES
from vitc.compiler.elaborate import elaborate, settable

SMALL, LARGEST = 30_000_000, 100_000_000
#: Heads that share keys and values, which timm lists for every block: as in its own models, at these depths.
KV_HEADS = {
    "vit_base_patch16_sapiens2": [12] * 12,
    "vit_large_patch16_sapiens2": [16] * 8 + [8] + [16] * 8,
}
#: Smaller images, on which a model stays of its kind, where its own would take minutes and gigabytes.
IMAGES = {
    "samvit_base_patch16": (256, 256),
    "vit_base_patch16_sapiens2": (128, 96),
    "vit_large_patch16_sapiens2": (128, 96),
}


#: Five of the smallest run in every suite, others each day.
TODAY = random.Random(datetime.date.today().toordinal()).sample([kind for kind in KINDS if kind[0] <= SMALL], 5)


def smaller(size, family, name):
    """What makes both sides small enough: overrides of the sheet, options of timm."""
    ours, theirs = {}, {}
    if name in IMAGES:
        height, width = theirs["img_size"] = IMAGES[name]
        ours["image"] = f"{height}x{width}x3"
    if size > LARGEST:
        depth = theirs["depth"] = DEPTHS.get(name, 2)
        # the model's own, or that of the encoder it has
        depths = [row.path for row in settable(LIBRARIES[family], name) if row.path.rpartition(".")[2] == "depth"]
        ours[min(depths, key=len)] = str(depth)
        if name in KV_HEADS:
            theirs["num_kv_heads"] = KV_HEADS[name]
    return ours, theirs


@pytest.mark.parametrize(
    ("size", "family", "name"),
    [pytest.param(*k, marks=() if k in TODAY else pytest.mark.slow, id=k[2]) for k in KINDS],
)
def test_numbers_are_timms(timm, oracle_weights, targets, record_error, size, family, name):
    import torch

    overrides, options = smaller(size, family, name)
    reference = timm.create_model(name, pretrained=False, **options).eval()
    program = elaborate(LIBRARIES[family], name, overrides)
    ours = targets(program)
    image = np.random.default_rng(0).standard_normal((2, *program.root.bodies[0].inputs[0].type.shape))
    image = image.astype(np.float32)
    for faint in (False, True):
        weights = oracle_weights(reference.state_dict(), faint)
        reference.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()}, strict=True)
        with torch.no_grad():
            expected = reference(torch.from_numpy(image)).numpy()
        scale, draw = max(1.0, float(np.abs(expected).max())), "faint" if faint else "unit"
        for target, run in ours.items():
            error = float(np.abs(run(weights, image) - expected).max()) / scale
            record_error(name, overrides, f"{target}, {draw}", error)
            assert error <= 1e-5, f"{target}, {draw}"
