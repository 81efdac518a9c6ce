"""From a source to a run: threads, hostile archives, and what is refused before anything heavy starts."""

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file
from vitc.diagnostics import VitError
from vitc.runtime.data.classes import EVERY
from vitc.runtime.data.sources import digits, image_folder, npz
from vitc.runtime.preprocess import Preprocess

GREY = Preprocess(1, 8, 8)
COLOUR = Preprocess(3, 8, 8)
FOLDER = """vit 1
model m = vit {
  image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 2
  input { mean = 0.0, std = 1.0, interpolation = bilinear, crop = 1.0, crop_mode = squash }
}
"""
QUIET = "export { torch = true, torchscript = false, onnx = false }\n"


def every(images):
    return images.read(np.arange(len(images)))


def folder(root, parts=("train", "val"), classes=("cat", "dog"), count=6, size=(12, 10)):
    """Dogs are bright. PNG, so that what is written is what is read."""
    rng = np.random.default_rng(0)
    for part in parts:
        for index, name in enumerate(classes):
            (root / part / name).mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 100, (*size, 3)) + 150 * index
                Image.fromarray(pixels.astype(np.uint8)).save(root / part / name / f"{i}.png")
    return root


def refused(call, *args):
    with pytest.raises(VitError) as caught:
        call(*args)
    (found,) = caught.value.diagnostics
    assert caught.value.exit_status == 3
    return found


def test_digits_are_resized_to_a_model_of_another_size(tmp_path):
    parts = digits.Digits().read(tmp_path, Preprocess(3, 16, 12), EVERY)
    assert every(parts.test).shape == (360, 16, 12, 3)


def spoiled(root, kind, *paths):
    """Makes pictures unreadable."""
    for path in (root / "pets" / path for path in paths):
        if kind == "gone":
            path.unlink()
        else:
            path.write_bytes({"cut off": path.read_bytes()[:150], "html": b"<!DOCTYPE html>", "empty": b"",
                              "a bomb": bomb()}[kind])  # fmt: skip


def bomb():
    """The header of a PNG of four thousand million pixels."""
    head = struct.pack(">4sIIBBBBB", b"IHDR", 65_535, 65_535, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def trained(root, out, data="", train="epochs = 2, batch = 4", **options):
    """The run, and what it said."""
    from vitc.application.train import train as run
    from vitc.runtime.training.train import Listener

    (root / "m.vit").write_text(f'{FOLDER}data {{ source = image_folder("pets"){data} }}\ntrain {{ {train} }}\n{QUIET}')
    said = []
    where = {} if "resume" in options else {"out": root / out}
    return run(
        root / "m.vit", device="cpu", verify=False, listener=Listener(warning=said.append), **where, **options
    ), said


def test_pictures_that_can_not_be_read_are_skipped_named_and_counted(tmp_path):
    folder(tmp_path / "pets", count=60)
    spoiled(tmp_path, "html", "train/cat/1.png")
    spoiled(tmp_path, "cut off", "train/dog/3.png")
    spoiled(tmp_path, "empty", "val/cat/0.png")
    summary, said = trained(tmp_path, "run", ", bad_limit = 0.02")
    files = {part: [str(tmp_path / "pets" / name) for name in names] for part, names in
             {"train": ["train/cat/1.png", "train/dog/3.png"], "validation": ["val/cat/0.png"]}.items()}  # fmt: skip
    assert summary["skipped"] == json.loads((tmp_path / "run" / "summary.json").read_text())["skipped"] == files
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["skipped"] for row in rows] == [{"train": 2, "validation": 1}] * 2
    assert [(d.code, d.severity) for d in said] == [("V0901", "warning")] * 3
    assert [words in d.message for d, words in zip(said, ("web page", "the file is empty", "3.png"), strict=True)] == [
        True
    ] * 3
    assert said[0].message.startswith("skipped 1 picture of the train part: ")


@pytest.mark.parametrize("kind", ["cut off", "html", "empty", "a bomb"])
def test_too_many_bad_pictures_stop_a_training_and_so_does_one_where_none_is_skipped(tmp_path, kind):
    folder(tmp_path / "pets", ("train",))
    spoiled(tmp_path, kind, "train/dog/3.png")
    found = refused(lambda: trained(tmp_path, "run"))
    assert found.code == "V0901" and "3.png" in found.message
    assert "1 of 12 pictures of the train part" in found.message and "bad_limit = 0.09" in found.help
    found = refused(lambda: trained(tmp_path, "other", ", on_bad = refuse"))
    assert found.code == "V0901" and "3.png" in found.message and "of the train part" not in found.message
    summary, _ = trained(tmp_path, "third", ", bad_limit = 0.09", train="epochs = 2, batch = 1")
    assert summary["skipped"].keys() == {"train"}


@pytest.mark.parametrize("kind", ["empty", "cut off"])
def test_a_class_of_which_no_picture_can_be_read_is_an_error(tmp_path, kind):
    """Where the headers show it, and where decoding does in the first epoch."""
    folder(tmp_path / "pets", ("train",), count=2)
    spoiled(tmp_path, kind, "train/dog/0.png", "train/dog/1.png")
    found = refused(lambda: trained(tmp_path, "run", ", bad_limit = 0.9"))
    assert found.code == "V0901" and "no picture of `dog` can be read" in found.message


def test_all_pictures_with_bad_headers_are_counted_before_they_are_refused(tmp_path):
    folder(tmp_path / "pets", ("train",), count=4)
    spoiled(tmp_path, "empty", *(f"train/dog/{number}.png" for number in range(3)))
    found = refused(lambda: trained(tmp_path, "run"))
    assert found.message.startswith("3 of 8 pictures of the train part") and "bad_limit = 0.38" in found.help


def test_a_run_that_too_many_bad_pictures_stopped_goes_on_with_a_larger_limit(tmp_path):
    """The limit changes no number: the run ends as one does that had it from the start."""
    folder(tmp_path / "pets", ("train",))
    spoiled(tmp_path, "cut off", "train/dog/3.png")
    refused(lambda: trained(tmp_path, "run"))
    summary, _ = trained(tmp_path, "run", resume=tmp_path / "run", settings={"data.bad_limit": "0.1"})
    trained(tmp_path, "other", ", bad_limit = 0.1")
    weights = [(tmp_path / out / "export" / "model.safetensors").read_bytes() for out in ("run", "other")]
    assert weights[0] == weights[1]
    # Made again, the summary still names what the epochs before skipped.
    (tmp_path / "run" / "export" / "manifest.json").unlink()
    for name in ("model.py", "model.safetensors"):
        (tmp_path / "run" / "export" / name).unlink()
    again, _ = trained(tmp_path, "run", resume=tmp_path / "run", settings={"data.bad_limit": "0.1"})
    assert again["skipped"] == summary["skipped"] == {"train": [str(tmp_path / "pets/train/dog/3.png")]}


def test_the_summary_as_json_has_the_notes(tmp_path, monkeypatch):
    from typer.testing import CliRunner
    from vitc.cli.main import app

    folder(tmp_path / "pets", ("train",), count=60)
    spoiled(tmp_path, "html", "train/cat/1.png")
    trained(tmp_path, "run")
    monkeypatch.chdir(tmp_path)
    words = ["train", "m.vit", "-o", "again", "--device", "cpu", "--set", "train.epochs=1", "--no-verify"]
    done = CliRunner().invoke(app, [*words, "--format", "json"])
    told = json.loads(done.stdout)["diagnostics"]
    assert [(d["severity"], d["code"]) for d in told] == [("warning", "V0901")] and "1.png" in told[0]["message"]
    assert done.stderr.count("warning[V0901]") == 1 and "epoch 1" not in done.stderr


def test_a_picture_that_vanishes_while_training_is_skipped_from_then_on(tmp_path, monkeypatch):
    from vitc.runtime.training import batches

    folder(tmp_path / "pets", ("train",), count=60)
    real, epochs = batches.Batches.shuffled, []

    def shuffled(self, seed, augment):
        epochs.append(seed)
        if len(epochs) == 2:
            spoiled(tmp_path, "gone", "train/cat/5.png")
        return real(self, seed, augment)

    monkeypatch.setattr(batches.Batches, "shuffled", shuffled)
    summary, said = trained(tmp_path, "run", train="epochs = 3, batch = 8")
    assert [name[-9:] for name in summary["skipped"]["train"]] == ["cat/5.png"]
    assert [d.message.startswith("skipped 1 picture of the train part: there is no picture") for d in said] == [True]


def test_a_run_with_skipped_pictures_is_resumed_to_the_bit(tmp_path):
    folder(tmp_path / "pets", ("train",), count=60)
    spoiled(tmp_path, "cut off", "train/cat/5.png")
    train = "epochs = {}, batch = 7, augment = [flip, crop(padding = 1)], schedule = constant"
    trained(tmp_path, "whole", train=train.format(3))
    trained(tmp_path, "stopped", train=train.format(1))
    trained(tmp_path, "stopped", train=train.format(3), resume=tmp_path / "stopped")
    ends = [load_file(tmp_path / run / "export" / "model.safetensors") for run in ("whole", "stopped")]
    assert all(np.array_equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_pictures_that_show_nothing_are_told_once(tmp_path):
    folder(tmp_path / "pets", ("train",))
    for n in (2, 4):
        Image.new("RGB", (9, 9), (200, 1, 2)).save(tmp_path / "pets" / "train" / "cat" / f"{n}.png")
    _, said = trained(tmp_path, "run", train="epochs = 3, batch = 4")
    first = tmp_path / "pets" / "train" / "cat" / "2.png"
    assert [(d.code, d.message) for d in said] == [
        ("V0908", f"2 pictures of the train part: constant: all pixels are equal; the first is `{first}`")]  # fmt: skip


def test_a_folder_is_learned_from_alike_with_any_number_of_threads(tmp_path, monkeypatch):
    folder(tmp_path / "pets")
    (tmp_path / "m.vit").write_text(
        f'{FOLDER}data {{ source = image_folder("pets"), mean = inception, std = inception }}\n'
        f"train {{ epochs = 4, batch = 4, augment = [flip, crop(padding = 1)], optimizer = adamw(lr = 0.01), keep = best }}\n{QUIET}"
    )
    from vitc.application.train import train

    ends = []
    for threads in (1, 7):
        monkeypatch.setattr(image_folder.os, "cpu_count", lambda n=threads: n)
        out = tmp_path / f"run{threads}"
        summary = train(tmp_path / "m.vit", out=out, device="cpu", verify=False)
        ends.append(load_file(out / "export" / "model.safetensors"))
    assert all(np.array_equal(ends[0][name], ends[1][name]) for name in ends[0])
    assert summary["part"] == "validation" and summary["accuracy"] == 1.0
    assert json.loads((out / "export" / "manifest.json").read_text())["classes"] == ["cat", "dog"]


def arrays(path, **given):
    rng = np.random.default_rng(0)
    np.savez(path, **{"images": rng.integers(0, 256, (6, 8, 8), np.uint8), "labels": np.arange(6) % 3, **given})
    return npz.Npz(path=path.name)


def hostile(kind):
    """Bytes of a file that calls itself .npz."""
    buffer = io.BytesIO()
    if kind == "one array":
        np.save(buffer, np.zeros(3))
        return buffer.getvalue()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "a header that promises more":
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**45,)})
            archive.writestr("images.npy", header.getvalue())
        else:
            archive.writestr("images.npy", b"no array")
    text = buffer.getvalue()
    return text[: len(text) // 2] if kind == "half a zip" else text


@pytest.mark.parametrize("kind", ["one array", "a header that promises more", "no array in it", "half a zip"])
def test_hostile_arrays_are_refused(tmp_path, kind):
    (tmp_path / "a.npz").write_bytes(hostile(kind))
    assert refused(npz.Npz(path="a.npz").read, tmp_path, GREY, EVERY).code == "V0903"


def test_an_archive_that_unpacks_to_more_than_the_memory_is_refused_unread(tmp_path, monkeypatch):
    import psutil

    free = psutil.virtual_memory()._replace(available=500)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    found = refused(arrays(tmp_path / "a.npz").read, tmp_path, GREY, EVERY)
    assert found.code == "V0903" and "more than half of the free memory" in found.message


@pytest.mark.parametrize(
    "data, settings, code, words",
    [
        ("source = image_folder(\"none\")", "", "V0902", "there is no folder `none`"),
        ("source = npz(\"none.npz\")", "", "V0902", "there is no data `none.npz`"),
        ("mean = 0.5", "", "V0605", "training needs pictures"),
        ("source = fake(classes = 12)", "", "V0904", "the data has at least 12 classes, the model 10"),
        ("source = fake, classes = [\"a\", \"b\"]", "", "V0904", "the data has 2 classes, the model 10: `a`, `b`"),
        ("source = fake", "keep = best", "V0606", "`keep = best` needs a validation part"),
        ("source = fake", "no_decay = [\"pos_emb\"]", "V0606", "no weight of the model is called `pos_emb`"),
        ("source = fake(count = 1), validation = 0.5", "", "V0904", "one picture can't be split"),
        ("source = npz(\"bad.npz\")", "", "V0904", "the label -1 is no class"),
        ("source = npz(\"test.npz\")", "", "V0904", "the data has at least 11 classes, the model 10"),
        ("source = npz(\"nan.npz\")", "criterion = mse", "V0904", "a target is not a finite number"),
    ],
)  # fmt: skip
def test_what_can_not_be_trained_is_said_before_torch_is_loaded(tmp_path, data, settings, code, words):
    arrays(tmp_path / "bad.npz", labels=np.array([-1, 0, 1, 2, 3, 4]))
    arrays(tmp_path / "test.npz", test_images=np.zeros((1, 8, 8), np.uint8), test_labels=np.array([10]))
    arrays(tmp_path / "nan.npz", labels=np.full((6, 10), np.nan))
    (tmp_path / "m.vit").write_text(
        "vit 1\nmodel m = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 10 }\n"
        f"data {{ {data} }}\ntrain {{ {settings} }}\n"
    )
    text = (
        "import sys; from vitc.cli.main import main\nsys.argv = ['vitc', 'train', 'm.vit', '--device', 'cpu', '-o', 'run']\n"
        "try: main()\nfinally: print([m for m in ('torch', 'onnx', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 3), done.stderr
    assert f"error[{code}]" in done.stderr and words in done.stderr, done.stderr
    assert done.stdout.strip() == "[]"
    assert not (tmp_path / "run").exists()


def test_no_cuda_is_said(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    from vitc.application.train import train

    assert refused(lambda: train("digits", out=tmp_path / "run", device="cuda")).code == "V1104"
