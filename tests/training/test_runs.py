"""A run from its text to its folder: what it leaves, what stops it, what is chosen on what."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file
from vitc.runtime import artefact
from vitc.runtime.predict import Predictor
from vitc.runtime.training.criteria.cross_entropy import CrossEntropy
from vitc.runtime.training.train import Listener


def test_a_run_leaves_its_records_and_its_export(spec, run, tmp_path):
    path = spec("epochs = 3, batch = 16, optimizer = adamw(lr = 0.01)", "source = digits, mean = 0.31, std = 0.38")
    summary = run(path)
    folder = tmp_path / "run"
    assert sorted(p.name for p in folder.iterdir()) == [
        "checkpoints", "curves.png", "export", "metrics.jsonl", "model.py", "run.json", "summary.json",
    ]  # fmt: skip
    written = json.loads((folder / "summary.json").read_text())
    start = json.loads((folder / "run.json").read_text())["weights"]
    assert (start["kind"], start["seed"]) == ("drawn", 0)
    assert summary == {**written, "run": str(folder), "start": start}
    assert written.keys() == {
        "accuracy", "loss", "part", "epoch", "epochs", "weights", "seconds", "images_per_second", "device",
    }  # fmt: skip
    assert (written["part"], written["epoch"], written["epochs"]) == ("test", 3, 3)
    assert (written["weights"], written["device"]) == ("last of 3 epochs", "cpu")
    assert written["images_per_second"] == pytest.approx(3 * 1437 / written["seconds"], rel=0.05)
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert all(row.keys() == {"epoch", "train", "lr"} for row in rows)  # nothing of the test part before the end
    with Image.open(folder / "curves.png") as picture:
        assert picture.format == "PNG" and picture.width > 800
    manifest = artefact.opened(folder / "export")
    assert manifest["classes"] == list("0123456789")
    assert manifest["preprocess"]["mean"] == [0.31]
    assert [p.name for p in (folder / "checkpoints").iterdir()] == ["epoch-0000003"]


def test_the_exported_file_alone_has_the_accuracy_of_the_run(spec, run, tmp_path):
    summary = run(
        spec(
            "epochs = 4, batch = 32, optimizer = adamw(lr = 0.02)",
            "source = digits, mean = 0.31, std = 0.38",
            export="export { torch = false, torchscript = false }\n",
        )
    )
    from vitc.runtime.data.classes import EVERY
    from vitc.runtime.data.sources import digits

    predictor = Predictor(tmp_path / "run" / "export" / "model.onnx")
    test = digits.Digits().read(Path(), predictor.preprocess, EVERY).test
    assert test is not None
    pixels = test.read(np.arange(len(test)))
    right = (predictor.logits(predictor.preprocess.normalised(pixels)).argmax(-1) == test.labels).mean()
    assert right == summary["accuracy"] > 0.3


def test_the_same_seed_gives_the_same_weights_and_another_does_not(spec, run, tmp_path):
    path = spec(
        "epochs = 2, batch = 16, augment = [flip, crop(padding = 1), affine(degrees = 5)], seed = 1",
        "source = fake(count = 40)",
    )
    for name in ("a", "b"):
        run(path, name)
    run(path, "c", settings={"train.seed": "2"})
    a, b, c = (load_file(tmp_path / name / "export" / "model.safetensors") for name in "abc")
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert not any(np.array_equal(a[name], c[name]) for name in a if a[name].ndim > 1)


def test_the_best_is_chosen_on_the_validation_part_and_the_test_part_is_scored_once(spec, run, tmp_path, monkeypatch):
    scores, order = {"validation": [0.2, 0.9, 0.9, 0.1], "test": [0.3]}, []
    from vitc.runtime.training.trainer import Score, Trainer

    def score(self, batches, part):
        order.append(part)
        weights.append({name: tensor.clone() for name, tensor in self.model.state_dict().items()})
        return Score(1.0, scores[part].pop(0))

    weights = []
    monkeypatch.setattr(Trainer, "score", score)
    path = spec("epochs = 4, batch = 16, keep = best", "source = fake(count = 64), validation = 0.25")
    summary = run(path)
    assert order == ["validation"] * 4 + ["test"]
    assert (summary["epoch"], summary["epochs"], summary["accuracy"]) == (2, 4, 0.3)
    assert summary["weights"] == "best of 4 epochs on the validation part"
    assert all(torch.equal(weights[4][name], weights[1][name]) for name in weights[1])  # those of the second epoch
    checkpoints = tmp_path / "run" / "checkpoints"
    assert sorted(p.name for p in checkpoints.iterdir()) == ["epoch-0000002", "epoch-0000004"]
    best = load_file(checkpoints / "epoch-0000002" / "model.safetensors")
    exported = load_file(tmp_path / "run" / "export" / "model.safetensors")
    assert all(np.array_equal(best[name], exported[name]) for name in best)


def test_the_validation_part_comes_out_of_the_training_part_by_its_seed(spec):
    import vitc
    from vitc.application.train import read
    from vitc.runtime.sections.data import Data
    from vitc.runtime.sections.input import preprocess

    def parts(seed):
        compiled = vitc.load(spec(data=f"source = digits, validation = 0.1, split_seed = {seed}"))
        data = Data.of(compiled.program)
        return read(compiled, data, preprocess(compiled.program, data), Path())

    def pictures(part):
        return sorted(p.tobytes() for p in part.read(np.arange(len(part))))

    a, again, b = parts(0), parts(0), parts(1)
    assert a.validation is not None and a.test is not None
    assert (len(a.train), len(a.validation), len(a.test)) == (1293, 144, 360)
    assert pictures(a.validation) == pictures(again.validation) != pictures(b.validation)
    assert sorted(pictures(a.train) + pictures(a.validation)) == sorted(pictures(b.train) + pictures(b.validation))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_at_its_step_and_keeps_the_last_checkpoint(
    refused, spec, run, tmp_path, monkeypatch, value
):
    steps, real = [], CrossEntropy.loss

    def loss(settings, logits, labels):
        if torch.is_grad_enabled():
            steps.append(1)
        return real(settings, logits, labels) * (value if len(steps) == 4 + 2 and torch.is_grad_enabled() else 1)

    monkeypatch.setattr(CrossEntropy, "loss", loss)
    found, status = refused(run, spec("epochs = 3, batch = 16"))  # 4 steps an epoch
    assert (found.code, status) == ("V1101", 3)
    assert found.message == f"the loss is {value} at epoch 2, step 2: training stops"
    assert "the checkpoint of the epoch before is kept" in found.help
    assert len(steps) == 6
    (kept,) = (tmp_path / "run" / "checkpoints").iterdir()
    assert kept.name == "epoch-0000001"
    assert all(np.isfinite(a).all() for a in load_file(kept / "model.safetensors").values())
    assert not (tmp_path / "run" / "export").exists() and not (tmp_path / "run" / "summary.json").exists()


def test_weights_that_blow_up_in_the_last_step_of_an_epoch_are_not_kept(refused, spec, run, tmp_path):
    found, _ = refused(
        run, spec("epochs = 3, batch = 64, optimizer = sgd(lr = 1e38, weight_decay = 1000.0), schedule = constant")
    )
    assert found.code == "V1101"
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_score_that_is_no_number_stops_too(refused, spec, run, monkeypatch):
    real = CrossEntropy.loss
    monkeypatch.setattr(
        CrossEntropy, "loss", lambda s, x, y: real(s, x, y) if torch.is_grad_enabled() else torch.tensor(float("nan"))
    )
    found, _ = refused(run, spec())
    assert (found.code, found.message) == ("V1101", "the loss on the test part is nan: training stops")


def test_memory_that_does_not_suffice_is_said(refused, spec, run, monkeypatch):
    def loss(*args):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(CrossEntropy, "loss", loss)
    found, status = refused(run, spec("epochs = 1, batch = 16"))
    assert (found.code, found.message, status) == (
        "V1106",
        "the memory of the cpu does not suffice for batches of 16",
        3,
    )


def test_a_regression_learns_a_number(refused, run, spec, tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (256, 8, 8), np.uint8)
    bright = pixels.mean((1, 2), dtype=np.float64) / 255
    targets = ((bright - bright.mean()) / bright.std()).astype(np.float32)
    np.savez(
        tmp_path / "d.npz",
        images=pixels[:192],
        labels=targets[:192],
        test_images=pixels[192:],
        test_labels=targets[192:],
    )
    path = spec(
        "epochs = 12, batch = 16, criterion = mse, optimizer = adamw(lr = 0.02)",
        'source = npz("d.npz"), mean = 0.5, std = 0.1',
    )
    summary = run(path, settings={"classes": "1", "head_drop.rate": "0.0"})
    assert summary["accuracy"] is None
    assert summary["loss"] < 0.5  # 1 is what the mean alone would give
    found, _ = refused(run, path, "two", settings={"classes": "2"})
    assert (found.code, found.message) == ("V0904", "1 targets a picture, the model gives 2 numbers")
    found, _ = refused(run, path, "ce", settings={"train.criterion": "cross_entropy"})
    assert (found.code, found.help) == ("V0904", "criterion = mse")


BATCHNORM = """vit 1
block net(image: shape = 8x8x1, classes: int > 0 = 10) {
  stem = conv2d(4, kernel = 3, padding = 1)
  norm = batchnorm
  head = linear(classes)
  forward(image: [1, 8, 8]) { return head(mean(rearrange(relu(norm(stem(image))), "c h w -> (h w) c"), axis = -2)) }
}
model tiny = net { input { mean = 0.0, std = 1.0, interpolation = bilinear, crop = 1.0 } }
"""


def test_what_is_assumed_of_pictures_is_a_warning_and_goes_into_the_export(spec, run, tmp_path):
    heard = []
    model = BATCHNORM.partition("model ")[0] + "model tiny = net\n"
    path = spec("epochs = 1, batch = 4", "source = fake(count = 8, held_out = 4), mean = 0.5", model)
    run(path, listener=Listener(warning=heard.append))
    (warning,) = heard
    assert (warning.code, warning.severity) == ("V0610", "warning")
    assert warning.message.endswith("assumed: std 1, bilinear interpolation and stretching to 8x8")
    manifest = json.loads((tmp_path / "run" / "export" / "manifest.json").read_text())
    assert manifest["preprocess"]["assumed"] == ["std", "interpolation", "crop"]
    assert manifest["preprocess"]["mean"] == [0.5]


def test_batchnorm_with_a_batch_of_one_is_a_warning(spec, run):
    heard = []
    listener = Listener(warning=heard.append)
    run(spec("epochs = 1, batch = 1", "source = fake(count = 4, held_out = 4)", BATCHNORM), listener=listener)
    (warning,) = heard
    assert (warning.code, warning.severity, warning.span.line) == ("V1105", "warning", 10)
    run(spec("epochs = 1, batch = 2", "source = fake(count = 4, held_out = 4)", BATCHNORM), "two", listener=listener)
    assert len(heard) == 1


def test_a_score_is_the_same_whatever_was_drawn_before(spec, run, monkeypatch):
    from vitc.runtime.training.trainer import Trainer

    seen, real = [], Trainer.score

    def score(self, batches, part):
        first, second = real(self, batches, part), real(self, batches, part)
        seen.append(first == second)
        return first

    monkeypatch.setattr(Trainer, "score", score)
    # with dropout in training; two epochs of validation, one test
    run(spec(data="source = fake(count = 64, held_out = 32), validation = 0.25"))
    assert seen == [True, True, True]
