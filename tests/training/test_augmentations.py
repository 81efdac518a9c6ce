"""What varies pictures, against scipy and against what the words promise."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from vitc.runtime.training.augmentations.affine import Affine
from vitc.runtime.training.augmentations.crop import Crop
from vitc.runtime.training.augmentations.flip import Flip


def pictures(count=3, channels=2, height=6, width=10):
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(1))


def test_affine_is_the_map_its_numbers_name():
    """The place in the picture that goes in, about the middle and in pixels: turned, sheared, over the scale, shifted."""
    way = Affine(degrees=30, translate=0.2, scale=0.3, shear=20)
    images = pictures()
    torch.manual_seed(5)
    found = way.vary(images)
    torch.manual_seed(5)
    draws = (torch.rand(5, len(images)) * 2 - 1).double().numpy()
    height, width = images.shape[-2:]
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    out = np.stack([columns - middle[1], rows - middle[0]])
    for picture, result, (a, b, size, x, y) in zip(images.numpy(), found.numpy(), draws.T, strict=True):
        turn, shear = np.deg2rad(30 * a), np.deg2rad(20 * b)
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        sheared = np.array([[1, np.tan(shear)], [0, 1]])
        went_in = np.einsum("ij,jhw->ihw", turned @ sheared / (1 + 0.3 * size), out)
        places = [went_in[1] + 0.2 * y * height + middle[0], went_in[0] + 0.2 * x * width + middle[1]]
        for plane, got in zip(picture, result, strict=True):
            expected = ndimage.map_coordinates(plane, places, order=1, mode="grid-constant", cval=0.0)
            np.testing.assert_allclose(got, expected, atol=2e-5)


def test_affine_of_nothing_changes_nothing():
    way = Affine(degrees=0, translate=0, scale=0, shear=0)
    torch.testing.assert_close(way.vary(pictures()), pictures())


@pytest.mark.parametrize("key, value", [("degrees", 90.0), ("translate", 0.5), ("scale", 0.5), ("shear", 45.0)])
def test_each_number_of_affine_matters(key, value):
    still = {"degrees": 0.0, "translate": 0.0, "scale": 0.0, "shear": 0.0}
    moved = Affine(**{**still, key: value}).vary(pictures())
    assert (moved - pictures()).abs().max() > 0.1


def test_crop_shifts_each_picture_by_whole_pixels_over_black():
    images = pictures(64, 1)
    torch.manual_seed(0)
    found = Crop(padding=2).vary(images)
    padded = torch.nn.functional.pad(images, [2] * 4)
    offsets = set()
    for picture, result in zip(padded, found, strict=True):
        fits = [(y, x) for y in range(5) for x in range(5) if torch.equal(picture[:, y : y + 6, x : x + 10], result)]
        assert len(fits) == 1
        offsets.add(fits[0])
    assert len(offsets) > 15  # of 25


def test_flip_mirrors_a_share_of_the_pictures_from_left_to_right():
    images = pictures(400, 1)
    torch.manual_seed(0)
    found = Flip(p=0.25).vary(images)
    mirrored = sum(torch.equal(a, b.flip(-1)) for a, b in zip(found, images, strict=True))
    kept = sum(torch.equal(a, b) for a, b in zip(found, images, strict=True))
    assert mirrored + kept == 400 and 60 < mirrored < 140
