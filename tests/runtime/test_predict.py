"""`vitc predict` on many pictures: which are taken, in which order, what is printed of them, and what of those that fail."""

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import vitc
from PIL import Image
from vitc.diagnostics import VitError
from vitc.runtime import answers as module
from vitc.runtime.guard import Child
from vitc.runtime.listing import listed
from vitc.runtime.prediction import Failure, Prediction

SPEC = "vit 1\nmodel m = vit { image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 4 }\ndata { mean = 0.5, std = 0.25, interpolation = bilinear, crop = 1.0 }\n"
NAMES = ("cat", 'a "dog", large', "c\nd", "\x1b[2Jbird")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("model")
    (root / "m.vit").write_text(SPEC)
    vitc.compile(root / "m.vit", out=root / "m", to=("onnx",), verify=False, classes=NAMES)
    return root / "m"


@pytest.fixture
def photos(tmp_path):
    """Six pictures in two folders, one that is none, and what is passed over."""
    rng = np.random.default_rng(0)
    for name in ("b.png", "a.PNG", "c.bmp", "sub/z.png", "sub/deep/y.png", "sub.png", ".hidden.png", ".git/x.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
    (tmp_path / "photos" / "bad.png").write_text("<html>not found</html>")
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    return tmp_path / "photos"


IN_ORDER = ["a.PNG", "b.png", "bad.png", "c.bmp", "sub/deep/y.png", "sub/z.png", "sub.png"]


def predict(*words, given=b"", **options):
    command = [sys.executable, "-m", "vitc", "predict", *map(str, words)]
    done = subprocess.run(command, input=given, capture_output=True, timeout=120, check=False, **options)
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expected(folder, path):
    """The probabilities of a picture, computed with onnxruntime, Pillow and numpy alone."""
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    with Image.open(path) as file:
        pixels = np.asarray(file.convert("RGB"), np.float32).transpose(2, 0, 1)
    image = ((pixels / 255 - 0.5) / 0.25)[None]
    logits = np.asarray(session.run(None, {session.get_inputs()[0].name: image})[0])[0]
    return np.exp(logits) / np.exp(logits).sum()


def test_a_folder_is_answered_in_order_and_with_the_right_numbers(folder, photos):
    status, out, err = predict(folder, "photos", "photos/b.png", "--format", "json", "--top", "9", cwd=photos.parent)
    found = json.loads(out)
    assert [entry["picture"] for entry in found] == [f"photos/{name}" for name in [*IN_ORDER, "b.png"]]
    assert status == 3 and err.startswith("error[V0912]: 1 of 8 pictures")
    for entry in found:
        if entry["picture"].endswith("bad.png"):
            assert entry["error"]["code"] == "V0901" and "classes" not in entry
            continue
        right = expected(folder, photos.parent / entry["picture"])
        order = np.argsort(-right)
        assert [one["name"] for one in entry["classes"]] == [NAMES[i] for i in order]
        np.testing.assert_allclose([one["probability"] for one in entry["classes"]], right[order], atol=1e-6)


def test_rows_for_other_programs(folder, photos):
    status, out, _ = predict(folder, photos / "b.png", photos / "bad.png", "--top", "4", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    right = expected(folder, photos / "b.png")
    assert status == 3 and [row["rank"] for row in rows] == ["1", "2", "3", "4", ""]
    assert {row["name"]: pytest.approx(float(row["probability"]), abs=1e-6) for row in rows[:4]} == {
        name.replace("\x1b", "\\u001b"): value for name, value in zip(NAMES, right, strict=True)
    }
    assert rows[4]["picture"].endswith("bad.png") and rows[4]["error"].startswith("V0901: ")
    assert "\x1b" not in out


def test_lines_for_people_have_each_error_in_its_place(folder, photos):
    status, out, err = predict(folder, photos / "bad.png", photos / "b.png", photos / "none.png", "--top", "1")
    first, *rest = out.splitlines()
    assert status == 3 and first.endswith("bad.png") and rest[0].startswith("  error[V0901]: ")
    assert rest[1].endswith("b.png") and "%" in rest[2]
    assert rest[3].endswith("none.png") and rest[4].startswith("  error[V0901]: there is no picture")
    assert err == "error[V0912]: 2 of 3 pictures have no answer: the output gives the reason for each\n"


def test_paths_come_from_standard_input(folder, photos):
    odd = photos / "new\nline.png"
    (photos / "b.png").rename(odd)
    for given, names in (
        (b"photos/sub.png\r\n\nphotos/sub\nphotos/sub.png", ["sub.png", "sub/deep/y.png", "sub/z.png", "sub.png"]),
        (b"photos/new\nline.png\0photos/a.PNG\0", ["new\nline.png", "a.PNG"]),
    ):
        status, out, _ = predict(folder, "-", "--format", "json", given=given, cwd=photos.parent)
        assert status == 0
        assert [entry["picture"] for entry in json.loads(out)] == [f"photos/{name}" for name in names]
    assert predict(folder, "-", given=b"\n")[0] == 2
    status, out, _ = predict(folder, odd, "--top", "1")
    assert status == 0 and out.splitlines()[0].endswith("new\\nline.png")


def test_names_that_are_no_text(folder, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.png"
    with open(path, "wb") as file:
        Image.new("RGB", (8, 8), 3).save(file, "PNG")
    for form in ("text", "json"):
        status, out, _ = predict(folder, "-", "--format", form, given=path)
        assert status == 0 and "\\udcff.png" in out


def refused(*words, given=b""):
    with pytest.raises(VitError) as caught:
        listed(list(map(str, words)), io.BytesIO(given))
    return caught.value.diagnostics[0].code, caught.value.exit_status


def test_nothing_to_answer_is_an_error(tmp_path):
    (tmp_path / "empty" / ".hidden").mkdir(parents=True)
    (tmp_path / "empty" / "notes.txt").write_text("")
    assert refused(tmp_path / "empty") == ("V0901", 3)
    assert refused("-") == ("V0913", 2)


def test_links_to_folders_are_followed_and_loops_end(photos):
    (photos / "sub" / "loop").symlink_to(photos)
    (photos / "linked").symlink_to(photos / "sub" / "deep")
    found = listed([str(photos)], io.BytesIO())
    names = [os.path.relpath(path, photos) for path in found]
    assert names == [*IN_ORDER[:4], "linked/y.png", *IN_ORDER[4:]]


def test_a_thousand_pictures_are_answered_by_one_process(folder, photos, monkeypatch):
    started = []

    class Counted(Child):
        def __init__(self, *args):
            started.append(args)
            super().__init__(*args)

    monkeypatch.setattr(module, "Child", Counted)
    paths = [str(photos / name) for name in ("a.PNG", "b.png", "bad.png", "c.bmp")] * 250
    right = {path: expected(folder, path).max() for path in paths[:2]}
    found = list(module.answers(folder, paths, 1))
    assert len(started) == 1 and [one.picture for one in found] == paths
    assert [isinstance(one, Failure) for one in found] == [False, False, True, False] * 250
    for one in found:
        if isinstance(one, Prediction) and one.picture in paths[:2]:
            assert one.classes[0][1] == pytest.approx(right[one.picture], abs=1e-6)


DECODER = """
import faulthandler, os, time
from PIL import Image
usual = Image.open
def opened(file, *args, **options):
    name = os.fspath(getattr(file, "name", file))
    if name.endswith("crash.png"):
        os.write(2, b"\\x1b]0;evil\\x07 in a decoder\\n")
        faulthandler._sigsegv()
    return usual(file, *args, **options)
Image.open = opened
"""


def test_a_picture_that_crashes_its_decoder_is_a_failure_of_that_picture(folder, photos, tmp_path):
    """A decoder that dies as C libraries have died of hostile files; the pictures of its batch are all answered."""
    (tmp_path / "sitecustomize.py").write_text(DECODER)
    names = ["a.PNG", "crash.png", "bad.png", "b.png", "crash.png", "crash.png"]
    (photos / "crash.png").write_bytes((photos / "b.png").read_bytes())
    paths = [photos / name for name in names]
    status, out, err = predict(
        folder, *paths, "--top", "1", "--format", "json", env=os.environ | {"PYTHONPATH": str(tmp_path)}
    )
    found = json.loads(out)
    assert status == 3 and [entry["picture"] for entry in found] == [str(path) for path in paths]
    codes = [entry.get("error", {}).get("code") for entry in found]
    assert codes == [None, "V0910", "V0901", None, "V0910", "V0910"]
    assert "SIGSEGV" in found[1]["error"]["message"] and "\x1b" not in out + err


def test_what_a_decoder_prints_reaches_no_terminal(folder, tmp_path):
    """libtiff complains of a damaged strip on standard error."""
    path = tmp_path / "x.tiff"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, compression="tiff_lzw")
    data = bytearray(path.read_bytes())
    data[200:4000] = bytes(3800)
    path.write_bytes(data)
    status, _, err = predict(folder, path, path, "--format", "csv")
    assert status in (0, 3) and all(line.startswith(("error[V0912]", " ")) for line in err.splitlines())


def test_a_note_on_a_picture_stands_with_its_answer(folder, tmp_path):
    Image.new("RGB", (8, 8), (90, 90, 90)).save(tmp_path / "flat.png")
    for form in ("text", "csv"):
        status, out, _ = predict(folder, tmp_path / "flat.png", "--format", form)
        assert status == 0 and "all pixels are equal" in out
