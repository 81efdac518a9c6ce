"""Folders of pictures as people have them: which are parts, which are classes, what counts and what is passed over."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vitc.diagnostics import VitError
from vitc.runtime.data import folders
from vitc.runtime.data.classes import Wanted
from vitc.runtime.data.sources import image_folder
from vitc.runtime.preprocess import Preprocess

PIXELS = Preprocess(3, 4, 4)


def paint(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(path, "PNG")


def tree(root, *names):
    """A picture for each path; a name with a slash at its end is a folder."""
    for name in names:
        if name.endswith("/"):
            (root / name).mkdir(parents=True)
        else:
            paint(root / name)
    return root


def read(root, wanted=None, **settings):
    return image_folder.ImageFolder(path=str(root), **settings).read(Path(), PIXELS, Wanted(wanted and tuple(wanted)))


def refused(root, wanted=None, **settings):
    with pytest.raises(VitError) as caught:
        read(root, wanted, **settings)
    (found,) = caught.value.diagnostics
    assert caught.value.exit_status == 3
    return found


def notes(parts):
    return [(note.severity, note.code, note.message) for note in parts.notes]


@pytest.mark.parametrize(
    "train, validation, test",
    [
        ("train", "val", "test"),
        ("Train", "VAL", "TEST"),
        ("training", "valid", "testing"),
        ("TRAINING", "Validation", None),
    ],
)
def test_parts_are_found_whatever_their_case(tmp_path, train, validation, test):
    for part in filter(None, (train, validation, test)):
        tree(tmp_path, f"{part}/cat/0.png", f"{part}/dog/0.png")
    parts = read(tmp_path)
    assert parts.classes == ("cat", "dog") and parts.validation is not None and (parts.test is not None) == bool(test)
    assert parts.notes == ()


@pytest.mark.parametrize(
    "names, words",
    [
        (["train/a/0.png", "val/a/0.png", "valid/a/0.png"], "`val`, `valid` in `{}` all mean the validation part"),
        (["train/a/0.png", "Train/a/0.png"], "`Train`, `train` in `{}` all mean the train part"),
        (["val/a/0.png", "test/a/0.png"], "`{}` has no training part and no folder of a class: it holds `test`, `val`"),
        (["test/0.png"], "`{}` has no training part and no folder of a class: it holds `test`"),
        (["train/0.png", "val/0.png"], "`{}/train` holds no folder of a class"),
        (
            ["train/train/a/0.png", "train/test/a/0.png"],
            "the classes of `{}/train` would be `test`, `train`, which are names of parts",
        ),
        (["train/a/0.png", "test/b/0.png"], "`{}/test` has classes that the training part lacks: b"),
        (["a/0.png", "b/"], "`{}/b` holds no pictures"),
        (["train/a/0.png", "val/a/"], "`{}/val` holds no pictures of `a`"),
    ],
)
def test_folders_that_can_not_be_meant(tmp_path, names, words):
    found = refused(tree(tmp_path, *names))
    assert found.code == "V0902" and words.format(tmp_path) in found.message


@pytest.mark.parametrize(
    "names, classes, has_test, words",
    [
        (["cat/0.png", "dog/0.png", "test/0.png"], ("cat", "dog", "test"), False, "`test` in `{}` is taken as a class"),
        (
            ["cat/0.png", "dog/0.png", "test/cat/0.png", "test/dog/0.png"],
            ("cat", "dog"),
            True,
            "`test` in `{}` is taken as a part",
        ),
        (
            ["bus/0.png", "car/0.png", "train/0.png"],
            ("bus", "car", "train"),
            False,
            "`train` in `{}` is taken as a class",
        ),
        (["train/a/0.png", "train/b/0.png", "raw/0.png"], ("a", "b"), False, "`raw` in `{}` is not read"),
        (["train/a/0.png", "train/b/0.png", "test/0.png"], ("a", "b"), False, "`test` in `{}` is not read"),
        (["a/0.png", "b/0.png", "1.png", "2.png"], ("a", "b"), False, "2 pictures in `{}` in no folder of a class"),
    ],
)
def test_mixtures_are_read_sanely_and_said(tmp_path, names, classes, has_test, words):
    parts = read(tree(tmp_path, *names))
    assert parts.classes == classes and (parts.test is not None) == has_test and parts.validation is None
    ((severity, code, message),) = notes(parts)
    assert severity == "warning" and code in ("V0907", "V0908") and words.format(tmp_path) in message


@pytest.mark.parametrize("part", ["test", "val"])
@pytest.mark.parametrize("link", ["a", "b/deep"])
def test_a_part_that_links_to_what_is_learned_from_is_refused(tmp_path, part, link):
    root = tree(tmp_path, "train/a/0.png", "train/b/deep/0.png", f"{part}/b/1.png")
    (root / part / link).symlink_to(root / "train" / link)
    assert f"links in `{root / part / link[0]}` lead there" in refused(root).message


def test_a_part_that_the_spec_names_is_no_class(tmp_path):
    root = tree(tmp_path / "pets", "cat/0.png", "dog/0.png", "held/cat/0.png")
    parts = read(root, validation=str(root / "held"))
    assert parts.classes == ("cat", "dog") and parts.validation is not None and len(parts.validation) == 1
    assert notes(parts) == [("warning", "V0907", "the validation part has no picture of `dog`")]
    assert "are the same folder" in refused(root / "held", validation=str(root / "held")).message


def test_a_class_without_pictures_says_what_was_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "missing", lambda suffix: "pip install pillow-heif" if suffix == ".heic" else "")
    tree(tmp_path, "cat/0.png", "dog/deep/")
    for n in range(6):
        (tmp_path / "dog" / "deep" / f"{n}.HEIC").write_bytes(b"x")
    (tmp_path / "dog" / "README").write_text("x")
    found = refused(tmp_path)
    assert (
        f"`{tmp_path}/dog` holds no pictures, passed over: 6 files ending in .heic, 1 file without a suffix"
        in found.message
    )
    assert found.code == "V0902" and found.help == "pip install pillow-heif"


def test_what_systems_leave_behind_is_passed_over_at_any_depth(tmp_path):
    tree(tmp_path, "cat/0.png", "cat/in/1.PNG", "cat/in/._1.png", "cat/.ipynb_checkpoints/2.png", "cat/__MACOSX/3.png",
         "cat/in/@eaDir/4.png", "cat/5.jfif", "cat/6.JPE", "__MACOSX/cat/0.png", ".ipynb_checkpoints/0.png", ".git/0.png")  # fmt: skip
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store"):
        (tmp_path / "cat" / name).write_bytes(b"x")
    parts = read(tmp_path)
    assert parts.classes == ("cat",) and parts.notes == ()
    assert [os.path.relpath(file, tmp_path) for file in parts.train.files] == [
        "cat/0.png",
        "cat/5.jfif",
        "cat/6.JPE",
        "cat/in/1.PNG",
    ]


def test_files_of_other_kinds_are_counted_and_told(tmp_path):
    tree(tmp_path, "cat/0.png", "dog/0.png")
    for name in ("a.txt", "b.txt", "c.CR2", "{0}.{1}"):
        (tmp_path / "cat" / name).write_text("x")
    (tmp_path / "cat" / "d.jpg").symlink_to(tmp_path / "nowhere.jpg")
    os.mkfifo(tmp_path / "cat" / "e.jpg")
    ((severity, code, message),) = notes(read(tmp_path))
    assert (severity, code) == ("note", "V0908")
    assert message == (f"passed over in `{tmp_path}`: 2 files ending in .txt, 1 file ending in .cr2, 1 file can't be reached, "
                       "1 file not regular, 1 file ending in .{1}")  # fmt: skip


def test_a_folder_called_like_a_picture_is_a_folder(tmp_path):
    parts = read(tree(tmp_path, "cat/album.jpg/0.png", "cat/album.jpg/1.png", "dog.png/0.png"))
    assert parts.classes == ("cat", "dog.png") and parts.train.labels.tolist() == [0, 0, 1]


def test_links_to_folders_are_followed_once_at_every_level(tmp_path):
    far = tree(tmp_path / "far", "dogs/0.png", "dogs/1.png", "more/2.png", "parts/cat/9.png", "parts/dog/9.png")
    root = tree(tmp_path / "pets", "train/cat/0.png", "train/cat/deep/1.png")
    (root / "train" / "dog").symlink_to(far / "dogs")
    (root / "val").symlink_to(far / "parts")
    (far / "dogs" / "more").symlink_to(far / "more")
    (root / "train" / "cat" / "again").symlink_to(root / "train" / "cat" / "deep")  # the same folder by two names
    (root / "train" / "cat" / "loop").symlink_to(root)  # one level above the parts
    (root / "train" / "cat" / "deep" / "up").symlink_to("..")
    (root / "train" / "cat" / "self").symlink_to("self")
    parts = read(root)
    assert [os.path.relpath(file, root / "train") for file in parts.train.files] == [
        "cat/0.png", "cat/again/1.png", "dog/0.png", "dog/1.png", "dog/more/2.png"]  # fmt: skip
    assert parts.validation is not None and len(parts.validation) == 2
    ((_, _, message),) = notes(parts)
    assert message == f"passed over in `{root / 'train'}`: 3 folders reached before, 1 file can't be reached"


def test_a_folder_that_two_classes_share_is_told(tmp_path):
    root = tree(tmp_path, "cat/0.png", "dog/0.png")
    (root / "dog" / "x").symlink_to(root / "cat")
    assert ("warning", "V0907", "links make `cat`, `dog` share a folder of pictures") in notes(read(root))


def test_a_folder_that_can_not_be_listed_is_named(tmp_path, monkeypatch):
    root = tree(tmp_path, "cat/0.png", "dog/0.png")
    real = os.scandir

    def scandir(path):
        if Path(path).name == "dog":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(folders.os, "scandir", scandir)
    assert refused(root).message == f"`{root}/dog` can't be listed: Permission denied"


def test_a_name_that_is_no_text_is_refused_before_anything_is_trained(tmp_path):
    tree(tmp_path, "cat/0.png")
    os.mkdir(os.fsencode(tmp_path) + b"/d\xffg")
    paint(Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xffg")) / "0.png")
    assert "no text in UTF-8: 'd\\udcffg'" in refused(tmp_path).message


def test_the_fingerprint_knows_paths_sizes_and_classes(tmp_path):
    root = tree(tmp_path, "cat/0.png", "cat/1.png", "dog/0.png")
    first = read(root).fingerprint["train"]
    assert first.startswith("3 pictures, sha256 ") and first.endswith("of their paths, sizes and classes")
    assert read(root).fingerprint["train"] == first
    os.rename(root / "cat" / "1.png", root / "cat" / "2.png")
    renamed = read(root).fingerprint["train"]
    (root / "cat" / "2.png").write_bytes((root / "cat" / "2.png").read_bytes() + b"x")
    larger = read(root).fingerprint["train"]
    os.rename(root / "cat" / "2.png", root / "dog" / "2.png")
    moved = read(root).fingerprint["train"]
    assert len({first, renamed, larger, moved, read(root, ["dog"]).fingerprint["train"]}) == 5


def test_pictures_of_other_numbers_of_channels_are_refused(tmp_path):
    with pytest.raises(VitError) as caught:
        image_folder.ImageFolder(path=str(tree(tmp_path, "a/0.png"))).read(Path(), Preprocess(4, 4, 4), Wanted())
    assert caught.value.diagnostics[0].code == "V0904"
