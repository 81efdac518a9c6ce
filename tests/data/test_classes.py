"""Classes by name: a model that learns folders 0 to 11 must say their names, whatever the order in `classes`."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.application.train import read, train
from vitc.diagnostics import VitError
from vitc.runtime.data.classes import Wanted, texts
from vitc.runtime.data.images import Images, Parts
from vitc.runtime.data.splitting import split
from vitc.runtime.predict import Predictor
from vitc.runtime.sections.data import Data
from vitc.runtime.sections.input import preprocess

MODEL = "vit 1\nmodel m = vit {{ image = 8x8x1, patch = 4, dim = 32, depth = 1, heads = 2, classes = {}, drop_path = 0.0 }}\n"


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """Folders 0 to 11; the number says which of the 16 squares of a picture is white."""
    root = tmp_path_factory.mktemp("numbers")
    rng = np.random.default_rng(0)
    for name in range(12):
        for part, count in (("train", 12), ("val", 2)):
            folder = root / "numbers" / part / str(name)
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 40, (8, 8))
                pixels[2 * (name // 4) :, 2 * (name % 4) :][:2, :2] = 255
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    return root


def spec(root, data, classes, source='image_folder("numbers")', train="epochs = 1, batch = 16"):
    path = root / "m.vit"
    path.write_text(
        f"{MODEL.format(classes)}data {{ source = {source}, {data} }}\ntrain {{ {train} }}\n"
        "export { torch = false, torchscript = false }\n"
    )
    return path


def parts(path):
    compiled = vitc.load(path)
    data = Data.of(compiled.program)
    return read(compiled, data, preprocess(compiled.program, data), path.parent)


def refused(path):
    with pytest.raises(VitError) as caught:
        parts(path)
    (found,) = caught.value.diagnostics
    return found


def notes(found):
    return [note.message for note in found.notes]


COUNTING = ", ".join(f'"{n}"' for n in range(12))


@pytest.mark.parametrize(
    "data, names",
    [
        (f"classes = [{COUNTING}]", [str(n) for n in range(12)]),
        (
            'classes = ["11", "2", "10"], labels { "10" = "ten", "2" = "two", "11" = "eleven" }',
            ["two", "ten", "eleven"],
        ),
    ],
    ids=["counted", "labelled"],
)
def test_what_is_predicted_are_the_names_of_the_folders(numbers, tmp_path, data, names):
    path = spec(numbers, f"{data}, mean = 0.5, std = 0.25", len(names),
                train="epochs = 20, batch = 8, optimizer = adamw(lr = 5e-3), schedule = constant")  # fmt: skip
    summary = train(path, out=tmp_path / "run", device="cpu", verify=False)
    assert summary["accuracy"] > 0.9
    predictor = Predictor(tmp_path / "run" / "export")
    numbers_shown = {"two": 2, "ten": 10, "eleven": 11}
    pictures = [numbers / "numbers" / "val" / str(numbers_shown.get(name, name)) / "0.png" for name in names]
    said = [found.classes[0][0] for found in predictor.predict(pictures, 1)]
    assert np.mean([a == b for a, b in zip(said, names, strict=True)]) > 0.9, said
    assert set(json.loads((tmp_path / "run" / "export" / "manifest.json").read_text())["classes"]) == set(names)


def test_classes_select_and_order_and_the_rest_is_told(numbers):
    found = parts(spec(numbers, 'classes = ["11", "2"]', 2))
    assert found.classes == ("11", "2") and len(found.train) == 24 and found.validation is not None
    assert [Path(file).parent.name for file in found.train.files] == ["11"] * 12 + ["2"] * 12
    assert found.train.labels.tolist() == [0] * 12 + [1] * 12 and found.validation.labels.tolist() == [0, 0, 1, 1]
    assert notes(found) == ["`classes` leaves out `0`, `1`, `10`, `3`, `4`, `5`, `6`, `7` and 2 more with 120 pictures"]
    assert found.notes[0].span is not None and found.notes[0].severity == "note"


@pytest.mark.parametrize(
    "data, code, words",
    [
        ('classes = ["cat", "2", "dog"]', "V0906", "`classes` names `cat`, `dog`: no folder is called so; there is `0`, `1`, `10`, `11`"),
        ('classes = ["1", "2"], labels { "1" = "one", "cow" = "a cow" }', "V0906", "`labels` has `cow`: no class is called so"),
        ('labels = "none.json"', "V0903", "can't be read: No such file"),
        ('labels = "list.json"', "V0903", "holds no labels"),
        ('labels = "broken.json"', "V0903", "can't be read as JSON"),
        ('labels = "twice.json"', "V0903", "it has `1` twice"),
        ('labels = "other.json"', "V0906", "`labels` has `n01440764`"),
    ],
)  # fmt: skip
def test_names_that_do_not_fit(numbers, data, code, words):
    for name, text in {
        "list": '["a", "b"]', "broken": '{"a": ', "twice": '{"1": "a", "1": "b"}', "other": '{"n01440764": "tench"}',
    }.items():  # fmt: skip
        (numbers / f"{name}.json").write_text(text)
    found = refused(spec(numbers, data, 12))
    assert found.code == code and words in found.message and found.span is not None


@pytest.mark.parametrize("data", ['classes = ["1", "2", "1"]', "classes = []", "labels = cat", "labels { cat = 3 }",
                                  "on_bad = refuse, bad_limit = 0.1", "bad_limit = 1"])  # fmt: skip
def test_what_the_section_refuses(numbers, data):
    with pytest.raises(VitError) as caught:
        vitc.check(spec(numbers, data, 12))
    assert caught.value.diagnostics[0].code == "V0603"


def test_labels_are_texts_for_the_classes_that_have_one(numbers):
    (numbers / "labels.json").write_text('{"2": "crane", "11": "crane", "3": "not chosen"}')
    found = parts(spec(numbers, 'classes = ["11", "2", "10"], labels = "labels.json"', 3))
    assert found.classes == ("crane", "crane", "10")
    assert notes(found)[1:] == [
        "`labels` lacks `10`: they are displayed as they are called", "several classes are displayed as `crane`"]  # fmt: skip


def test_the_index_of_imagenet_may_have_more_classes(numbers):
    (numbers / "index.json").write_text(json.dumps({str(n): [str(n), f"number {n}"] for n in range(100)}))
    found = parts(spec(numbers, 'labels = "index.json"', 12))
    assert found.classes[:3] == ("number 0", "number 1", "number 10")
    assert notes(found) == ["`index.json` has 88 labels for classes that the data lacks"]


def arrays(root, **more):
    images = np.arange(6 * 64, dtype=np.uint8).reshape(6, 8, 8)
    np.savez(
        root / "a.npz",
        images=images,
        labels=np.array([0, 1, 2, 0, 1, 2]),
        test_images=images,
        test_labels=np.zeros(6, int),
        **more,
    )
    return 'npz("a.npz")'


def test_arrays_with_names_are_chosen_by_name(tmp_path):
    source = arrays(tmp_path, classes=np.array([b"cat", b"dog", b"cow"]))
    found = parts(spec(tmp_path, 'classes = ["cow", "cat"]', 2, source))
    assert found.classes == ("cow", "cat") and found.train.labels.tolist() == [1, 0, 1, 0]
    assert [int(p[0, 0, 0]) for p in found.train.read(np.arange(4))] == [0, 128, 192, 64]
    assert notes(found) == ["`classes` leaves out `dog` with 2 pictures"]
    assert "no class of the data is called so" in refused(spec(tmp_path, 'classes = ["bird"]', 1, source)).message
    assert "the test part holds no picture of `cow`" in refused(spec(tmp_path, 'classes = ["cow"]', 1, source)).message


def test_arrays_without_names_take_them_by_position_and_say_so(tmp_path):
    found = parts(spec(tmp_path, 'classes = ["cow", "cat", "dog"]', 3, arrays(tmp_path)))
    assert found.classes == ("cow", "cat", "dog") and found.train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert notes(found) == ["the data has no class names, so `classes` names the labels 0, 1, … in this order"]
    assert "the data has none" in refused(spec(tmp_path, 'labels { cat = "x" }', 3, arrays(tmp_path))).message


def test_the_digits_have_names(tmp_path):
    found = parts(spec(tmp_path, 'classes = ["7", "3"]', 2, "digits"))
    every = parts(spec(tmp_path, "on_bad = skip", 10, "digits"))
    assert [int((found.train.labels == n).sum()) for n in (0, 1)] == [
        int((every.train.labels == n).sum()) for n in (7, 3)
    ]


@pytest.mark.parametrize(
    "classes, words",
    [
        (["a", "a", "b"], "has `a` twice"),
        (["a", "b"], "2 class names, and `labels` goes up to 2"),
        ([[1]], "names are texts"),
    ],
)
def test_names_in_arrays_that_do_not_fit(tmp_path, classes, words):
    found = refused(spec(tmp_path, "on_bad = skip", 3, arrays(tmp_path, classes=np.array(classes))))
    assert found.code == "V0903" and words in found.message


@pytest.mark.parametrize(
    "images",
    [np.linspace(0, 1, 128), np.linspace(0, 255, 128), np.linspace(-1, 1, 128), np.arange(128) * 32, np.arange(128) * 512,
     np.arange(128) % 2 == 0],
    ids=["0 to 1", "0 to 255", "-1 to 1", "12 bits", "16 bits", "true and false"],
)  # fmt: skip
def test_arrays_of_other_types_are_refused_with_the_way_to_convert_them(tmp_path, images):
    """The way is taken, and fills the range."""
    images = images.astype(np.uint16 if images.dtype.kind == "i" else images.dtype).reshape(2, 8, 8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.array([0, 1]))
    found = refused(spec(tmp_path, "on_bad = skip", 2, 'npz("a.npz")'))
    converted = eval(found.help.split("`")[1], {"images": images})
    assert converted.dtype == np.uint8 and converted.min() == 0 and converted.max() >= 254
    np.savez(tmp_path / "a.npz", images=converted, labels=np.array([0, 1]))
    assert len(parts(spec(tmp_path, "on_bad = skip", 2, 'npz("a.npz")')).train) == 2


def held(counts, fraction, seed=0):
    labels = np.repeat(np.arange(len(counts)), counts)
    found = split(
        Parts(Images(lambda wanted: wanted, labels), classes=tuple("abcdefgh"[: len(counts)])), fraction, seed
    )
    assert found.validation is not None
    train, validation = (
        found.train.read(np.arange(len(found.train))),
        found.validation.read(np.arange(len(found.validation))),
    )
    assert sorted([*train, *validation]) == list(range(len(labels)))
    return np.bincount(found.validation.labels, minlength=len(counts)).tolist(), notes(found), validation.tolist()


@pytest.mark.parametrize(
    "counts, fraction, expected",
    [
        ([10, 20, 30], 0.1, [1, 2, 3]),
        ([10, 10, 10], 0.25, [3, 3, 2]),  # 7.5 is 8: the first two of equal remainders
        ([7, 5, 3], 0.2, [1, 1, 1]),  # 3 of 15: 1.4, 1.0, 0.6
        ([100, 4], 0.1, [10, 0]),  # 10.4 is 10
        ([1, 99], 0.5, [0, 50]),  # one picture of each class stays
        ([2, 2], 0.9, [1, 1]),
        ([5, 5], 0.01, [1, 0]),  # at least one
    ],
)
def test_what_is_held_back_is_stratified(counts, fraction, expected):
    found, said, _ = held(counts, fraction)
    assert found == expected
    empty = [name for name, number in zip("abc", expected, strict=False) if not number]
    assert [text for text in said if "leaves no picture" in text] == (
        [f"the split leaves no picture of `{'`, `'.join(empty)}` in the validation part"] if empty else []
    )


def test_the_shares_are_those_of_scikit_learn_where_no_remainders_are_equal():
    from sklearn.model_selection import StratifiedShuffleSplit

    counts = [13, 31, 57, 101]
    labels = np.repeat(np.arange(4), counts)
    for fraction in (0.13, 0.29, 0.41):
        size = round(fraction * len(labels))
        ((_, theirs),) = StratifiedShuffleSplit(1, test_size=size, random_state=0).split(labels, labels)
        assert held(counts, fraction)[0] == np.bincount(labels[theirs]).tolist()


def test_the_seed_decides_which_pictures_are_held_back():
    assert held([50, 50], 0.2, 1)[2] == held([50, 50], 0.2, 1)[2] != held([50, 50], 0.2, 2)[2]


def test_a_single_class_is_a_warning(numbers):
    found = parts(spec(numbers, 'classes = ["3"]', 1))
    assert ("V0907", "warning", "all training pictures are of one class, `3`: there is nothing to tell apart") in [
        (note.code, note.severity, note.message) for note in found.notes]  # fmt: skip


def test_a_split_of_data_that_has_a_validation_part_has_no_effect_and_says_so(numbers):
    assert "`validation` has no effect: the data has a validation part" in notes(
        parts(spec(numbers, "validation = 0.5", 12))
    )


def test_arrays_that_show_nothing_are_told(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    images[[3, 7]], images[9] = 200, np.arange(64).reshape(8, 8) % 17
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(40) % 2)
    assert notes(parts(spec(tmp_path, "on_bad = skip", 2, 'npz("a.npz")'))) == [
        "2 pictures of the train part: constant: all pixels are equal; the first is number 3",
        "1 picture of the train part: nearly black: no value is above 16 of 255; the first is number 9",
    ]


def test_the_fingerprint_of_arrays_is_their_content_or_drawn_blocks(tmp_path, monkeypatch):
    from vitc.runtime.data import fingerprint

    pixels, labels = np.zeros((100, 8, 8), np.uint8), np.zeros(100, np.int64)
    whole = fingerprint.of_arrays(pixels, labels)
    assert whole.startswith("100 pictures, sha256 ") and whole.endswith("of their content")
    pixels[50, 3, 3] = 1
    assert fingerprint.of_arrays(pixels, labels) != whole
    monkeypatch.setattr(fingerprint, "WHOLE", 6399)
    drawn = fingerprint.of_arrays(pixels, labels)
    assert drawn.endswith("of their header and 1,000 drawn blocks")
    assert fingerprint.of_arrays(pixels[:99], labels[:99]) != drawn != fingerprint.of_arrays(pixels, labels + 1)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('{"a": "", "b": "x"}', "V0906", "the label of `a` is empty"),
        ('{"a": "x", "b": "\\ud800"}', "V0906", "the label of `b` is no text in UTF-8"),
        ('{"0": "x", "1": "y"}', "V0906", "no class is called so"),
    ],
)
def test_labels_that_name_nothing_are_refused(tmp_path, text, code, said):
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(VitError) as caught:
        texts(("a", "b"), (), "labels.json", tmp_path, None)
    (found,) = caught.value.diagnostics
    assert found.code == code and said in found.message
    assert ("not their places" in found.help) == (said == "no class is called so")


def test_a_pipe_in_the_place_of_labels_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "labels.json")
    with pytest.raises(VitError) as caught:
        texts(("a",), (), "labels.json", tmp_path, None)
    (found,) = caught.value.diagnostics
    assert found.code == "V0903" and "not an ordinary file" in found.message


def test_a_name_in_another_unicode_form_is_told_apart():
    with pytest.raises(VitError) as caught:
        Wanted(("cafe\u0301",)).chosen(("caf\xe9", "tea"), "folder")
    assert r"'caf\xe9' there and 'cafe\u0301' here" in caught.value.diagnostics[0].help
