"""Pictures become the numbers that timm's evaluation makes of them, to the bit of a pixel."""

import math
from typing import Any

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.diagnostics import VitError
from vitc.runtime.preprocess import Preprocess

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PICTURES = [(300, 200), (200, 301), (64, 64), (31, 97), (500, 37)]


def picture(width, height):
    rng = np.random.default_rng(width)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize("size", [(64, 64), (64, 48)])
@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize(("crop_pct", "interpolation"), [(1.0, "bicubic"), (0.9, "bicubic"), (0.875, "bilinear")])
def test_pixels_are_those_of_timm(timm, size, mode, crop_pct, interpolation):
    from timm.data.transforms_factory import create_transform

    transform: Any = create_transform(
        (3, *size), crop_pct=crop_pct, crop_mode=mode, interpolation=interpolation, mean=MEAN, std=STD
    )
    rows, columns = (math.floor(side / crop_pct) for side in size)
    resize = rows if rows == columns else (rows, columns)
    ours = Preprocess(3, size[0], size[1], resize, interpolation, MEAN, STD, mode)
    for width, height in PICTURES:
        image = picture(width, height)
        found = ours.normalised(ours.pixels(image))
        assert np.abs(found - transform(image).numpy()).max() < 1e-5, (width, height)
    assert Preprocess.from_json(ours.as_json()) == ours


def test_gray_pictures_are_bordered_in_gray():
    ours = Preprocess(1, 8, 8, 8, mean=(0.5,), crop_mode="border")
    assert ours.pixels(picture(16, 4))[0, 0, 0] == 128


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("resize = 256, crop_mode = squash", None),
        ("resize = 256x300", None),
        ("crop = 0.875", None),
        ("crop = 1", None),
        ("crop_mode = squash", None),
        ("resize = 100, crop_mode = border", None),
        ("resize = 100", "V0606"),
        ("resize = 256x200", "V0606"),
        ("resize = 256, crop = 0.875", "V0606"),
        ("crop = 224", "V0603"),
        ("crop = 224x200", "V0603"),
        ("crop = 0", "V0603"),
        ("crop = 1.01", "V0603"),
        ("crop = true", "V0603"),
        ("crop = none", "V0603"),
        ("resize = 256, crop_mode = middle", "V0603"),
        ("resize = 0", "V0603"),
        ("resize = true", "V0603"),
        ("resize = 2x2x2", "V0603"),
    ],
)
def test_what_the_section_takes(data, code, tmp_path):
    path = tmp_path / "mine.vit"
    path.write_text(f"vit 1\nmodel m = vit {{ dim = 8, depth = 1, heads = 1 }}\ndata {{ {data} }}\n")
    if code is None:
        vitc.check(path)
        return
    with pytest.raises(VitError) as problem:
        vitc.check(path)
    assert problem.value.diagnostics[0].code == code
    assert problem.value.diagnostics[0].span is not None
