"""From a source to a run: threads, hostile archives, and what is refused before anything heavy starts."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file
from vitc.grammar.diagnostics import VitError
from vitc.runtime.data.sources import digits, image_folder, npz
from vitc.runtime.preprocess import Preprocess

GREY = Preprocess(1, 8, 8)
COLOUR = Preprocess(3, 8, 8)
FOLDER = "vit 1\nmodel m = vit { image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 2 }\n"
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
    parts = digits.read(digits.Settings(), tmp_path, Preprocess(3, 16, 12))
    assert every(parts.test).shape == (360, 16, 12, 3)


def test_a_picture_cut_off_in_the_middle_is_met_while_training(tmp_path):
    folder(tmp_path / "pets", ("train",))
    path = tmp_path / "pets" / "train" / "dog" / "3.png"
    path.write_bytes(path.read_bytes()[:150])
    (tmp_path / "m.vit").write_text(
        f'{FOLDER}data {{ source = image_folder("pets") }}\ntrain {{ epochs = 1, batch = 4 }}\n{QUIET}'
    )
    from vitc.cli.training import train

    with pytest.raises(VitError) as caught:
        train(tmp_path / "m.vit", out=tmp_path / "run", device="cpu")
    (found,) = caught.value.diagnostics
    assert found.code == "V0901" and "3.png" in found.message


def test_a_folder_is_learned_from_alike_with_any_number_of_threads(tmp_path, monkeypatch):
    folder(tmp_path / "pets")
    (tmp_path / "m.vit").write_text(
        f'{FOLDER}data {{ source = image_folder("pets"), mean = inception, std = inception }}\n'
        f"train {{ epochs = 4, batch = 4, augment = [flip, crop(padding = 1)], optimizer = adamw(lr = 0.01), keep = best }}\n{QUIET}"
    )
    from vitc.cli.training import train

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
    return npz.Settings(path=path.name)


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
    assert refused(npz.read, npz.Settings(path="a.npz"), tmp_path, GREY).code == "V0903"


def test_an_archive_that_unpacks_to_more_than_the_memory_is_refused_unread(tmp_path, monkeypatch):
    import psutil

    free = psutil.virtual_memory()._replace(available=500)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    found = refused(npz.read, arrays(tmp_path / "a.npz"), tmp_path, GREY)
    assert found.code == "V0903" and "more than half of the free memory" in found.message


@pytest.mark.parametrize(
    "data, settings, code, words",
    [
        ("source = image_folder(\"none\")", "", "V0902", "there is no folder `none`"),
        ("source = npz(\"none.npz\")", "", "V0902", "there is no data `none.npz`"),
        ("mean = 0.5", "", "V0605", "training needs pictures"),
        ("source = fake(classes = 12)", "", "V0904", "the data has at least 12 classes, the model 10"),
        ("source = fake, classes = [\"a\", \"b\"]", "", "V0904", "there are names of 2 classes, the model has 10"),
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
    from vitc.cli.training import train

    assert refused(lambda: train("digits", out=tmp_path / "run", device="cuda")).code == "V1104"
