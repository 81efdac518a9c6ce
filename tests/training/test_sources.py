"""Where pictures come from: folders, arrays, noise, and what is said when they are not as they should be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from vitc.diagnostics import VitError
from vitc.runtime.data.classes import EVERY
from vitc.runtime.data.sources.digits import Digits
from vitc.runtime.data.sources.fake import Fake
from vitc.runtime.data.sources.image_folder import ImageFolder
from vitc.runtime.data.sources.npz import Npz
from vitc.runtime.preprocess import Preprocess

PIXELS = Preprocess(1, 4, 4)


def paint(path, value, size=(4, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size, value, np.uint8)).save(path)


def folder(root, parts=("train", "val", "test")):
    for part in parts:
        for index, name in enumerate(("cat", "dog")):
            for n in range(3):
                paint(root / part / name / f"{n}.png", 100 * index + n)
    return root


def test_a_folder_a_class_with_its_parts(tmp_path):
    parts = ImageFolder(path="pictures").read(folder(tmp_path / "pictures").parent, PIXELS, EVERY)
    assert parts.classes == ("cat", "dog") and parts.validation is not None and parts.test is not None
    assert parts.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert parts.train.read(np.array([5, 0]))[:, 0, 0, 0].tolist() == [102, 0]
    assert len(parts.validation) == len(parts.test) == 6


def test_parts_may_be_folders_of_their_own_and_nested(tmp_path):
    root = folder(tmp_path, ("a", "b"))
    paint(root / "a" / "cat" / "more" / "x.JPG", 7)
    (root / "a" / "cat" / "notes.txt").write_text("no picture")
    parts = ImageFolder(path="a", validation="b").read(root, PIXELS, EVERY)
    assert len(parts.train) == 7 and parts.validation is not None and parts.test is None


@pytest.mark.parametrize(
    ("make", "settings", "text"),
    [
        (lambda root: None, {"path": "nowhere"}, "there is no folder"),
        (lambda root: (root / "a").mkdir(), {"path": "a"}, "holds no folder of a class"),
        (lambda root: (root / "a" / "cat").mkdir(parents=True), {"path": "a"}, "holds no pictures"),
        (lambda root: (folder(root, ("a", "b")), paint(root / "b" / "cow" / "0.png", 1)),
         {"path": "a", "validation": "b"}, "classes that the training part lacks: cow"),
        (lambda root: folder(root, ("a",)), {"path": "a", "validation": "b"}, "there is no folder"),
    ],
)  # fmt: skip
def test_a_folder_that_is_not_as_it_should_be(tmp_path, make, settings, text):
    make(tmp_path)
    with pytest.raises(VitError) as caught:
        ImageFolder(**settings).read(tmp_path, PIXELS, EVERY)
    assert caught.value.diagnostics[0].code == "V0902" and text in str(caught.value)
    assert caught.value.exit_status == 3


def test_a_picture_that_can_not_be_read_is_named(tmp_path):
    root = folder(tmp_path, ("a",))
    (root / "a" / "cat" / "9.png").write_bytes(b"not a picture")
    with pytest.raises(VitError, match=r"9\.png") as caught:
        parts = ImageFolder(path="a").read(root, PIXELS, EVERY)
        parts.train.read(np.arange(len(parts.train)))
    assert caught.value.diagnostics[0].code == "V0901"


def test_arrays_are_classes_or_targets_by_their_type(tmp_path):
    images = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    np.savez(
        tmp_path / "a.npz", images=images, labels=np.array([1, 0]), test_images=images, test_labels=np.array([0, 1])
    )
    parts = Npz(path="a.npz").read(tmp_path, PIXELS, EVERY)
    assert parts.train.labels.dtype == np.int64 and parts.test is not None
    np.testing.assert_array_equal(parts.train.read(np.array([1]))[0, :, :, 0], images[1])
    np.savez(tmp_path / "b.npz", images=images, labels=np.array([0.5, 1.5]))
    assert Npz(path="b.npz").read(tmp_path, PIXELS, EVERY).train.labels.dtype == np.float32


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": np.zeros((2, 4, 4), np.uint8)},
        {"images": np.zeros((2, 4, 4), np.float32), "labels": np.zeros(2, np.int64)},
        {"images": np.zeros((2, 4, 4, 2), np.uint8), "labels": np.zeros(2, np.int64)},
        {"images": np.zeros((2, 4, 4), np.uint8), "labels": np.zeros(3, np.int64)},
        {"images": np.zeros((2, 4, 4), np.uint8), "labels": np.array(["a", "b"])},
        {"images": np.zeros((0, 4, 4), np.uint8), "labels": np.zeros(0, np.int64)},
        {"images": np.array([object()] * 2), "labels": np.zeros(2, np.int64)},
    ],
    ids=["no labels", "floats", "two channels", "lengths", "texts", "nothing", "objects"],
)
def test_arrays_that_are_not_as_they_should_be(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(VitError) as caught:
        Npz(path="a.npz").read(tmp_path, PIXELS, EVERY)
    assert (caught.value.diagnostics[0].code, caught.value.exit_status) == ("V0903", 3)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"\x80\x04 a pickle"])
def test_a_file_that_is_no_npz(tmp_path, content):
    if content is not None:
        (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(VitError) as caught:
        Npz(path="a.npz").read(tmp_path, PIXELS, EVERY)
    assert caught.value.diagnostics[0].code == ("V0902" if content is None else "V0903")


def test_noise_is_the_same_for_the_same_seed():
    def pixels(seed):
        part = Fake(count=4, held_out=2, classes=3, seed=seed).read(Path(), PIXELS, EVERY).train
        return part.read(np.arange(4))

    np.testing.assert_array_equal(pixels(0), pixels(0))
    assert (pixels(0) != pixels(1)).any()


def test_every_fifth_digit_is_held_out_or_the_last_360():
    eight = Preprocess(1, 8, 8)
    fifth, last = (Digits(held_out=held).read(Path(), eight, EVERY) for held in ("every_fifth", "last"))
    every = Digits().read(Path(), eight, EVERY)
    assert fifth.test is not None and last.test is not None and every.test is not None
    assert len(fifth.train) == len(last.train) == 1437 and len(fifth.test) == len(last.test) == 360
    np.testing.assert_array_equal(every.test.labels, fifth.test.labels)
    assert not np.array_equal(last.test.labels, fifth.test.labels)


def test_the_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    theirs: Any = load_digits()
    held = Digits().read(Path(), Preprocess(1, 8, 8), EVERY).test
    assert held is not None
    np.testing.assert_array_equal(held.labels, theirs.target[::5])
    np.testing.assert_array_equal(
        held.read(np.arange(360))[..., 0], np.rint(theirs.images[::5] * (255 / 16)).astype(np.uint8)
    )
