"""`run.json`: all that a run needs to be repeated, and what is compared when it is resumed."""

import hashlib
import json
import platform
import re
import shlex
import shutil
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from vitc.application.train import train
from vitc.compiler.elaborate.bundled import SPECS
from vitc.runtime.data.sources.fake import Fake
from vitc.runtime.training.train import Listener

MAIN = """vit 1
use "parts/head.vit"
model mine = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 10, cls_token = none, pool = mean,
                   layer = twice(attn, mlp, norm) }
data    { source = npz("pictures/d.npz"), validation = 0.25 }
train   { epochs = 2, batch = 16, augment = [flip] }
weights { file = "start.safetensors" }
export  { torch = true, torchscript = false, onnx = false }
"""
PART = """vit 1
# a residual layer
block twice(attn: block, mlp: block, norm: block, drop_path = 0.0) {
  norm1 = norm
  attn  = attn
  norm2 = norm
  mlp   = mlp

  forward(x: [N, D]) -> [N, D] {
    x = x + attn(norm1(x))
    return x + mlp(norm2(x)) * 2.0
  }
}
"""


@pytest.fixture
def repeatable(tmp_path):
    """A spec in two files, with pictures and weights beside it; the path of the spec."""
    base = tmp_path / "base"
    (base / "parts").mkdir(parents=True)
    (base / "pictures").mkdir()
    (base / "mine.vit").write_text(MAIN)
    (base / "parts" / "head.vit").write_text(PART)
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (48, 8, 8), np.uint8)
    np.savez(base / "pictures" / "d.npz", images=pictures, labels=rng.integers(0, 10, 48))
    import vitc
    from vitc.runtime.weights.initial import Initial

    initial = Initial(vitc.load(base / "mine.vit").program, 7)
    save_file({name: np.array(initial[name]) for name in initial}, base / "start.safetensors")
    return base / "mine.vit"


def go(path, **options):
    return train(path, **{"verify": False, "device": "cpu", **options})


def test_a_run_is_repeated_bit_for_bit_from_its_record(repeatable, tmp_path, monkeypatch, capsys):
    """By the lines of the page that say how, with the spec's own folder gone but for data and weights."""
    from typer.testing import CliRunner
    from vitc.cli.main import app

    go(repeatable, out=tmp_path / "runs" / "small", settings={"train.seed": "3", "train.epochs": "3"})
    (tmp_path / "again").mkdir()
    for name in ("pictures", "start.safetensors"):
        shutil.move(repeatable.parent / name, tmp_path / "again" / name)
    shutil.rmtree(repeatable.parent)
    monkeypatch.chdir(tmp_path)
    page = (SPECS.parent / "docs" / "training.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    exec(code, {})
    command = shlex.split(capsys.readouterr().out)
    done = CliRunner().invoke(app, [*command[1:], "--no-verify", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    ends = [tmp_path / "runs" / name / "export" / "model.safetensors" for name in ("small", "again")]
    assert ends[0].read_bytes() == ends[1].read_bytes()
    records = [json.loads((tmp_path / "runs" / name / "run.json").read_text()) for name in ("small", "again")]
    for key in ("model", "model_sha256", "settings", "set", "spec", "weights", "data", "classes", "versions", "seed"):
        assert records[0][key] == records[1][key], key


def test_what_the_record_says(repeatable, tmp_path, monkeypatch):
    argv = ["/somewhere/vitc", "train", "mine.vit", "--set", "train.epochs=1"]
    monkeypatch.setattr(sys, "argv", argv)
    go(repeatable, out=tmp_path / "run", settings={"train.epochs": "1"})
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["spec"] == {"main": "mine.vit", "files": {"mine.vit": MAIN, "parts/head.vit": PART}}
    assert facts["set"] == {"train.epochs": "1"}
    assert facts["model"] == "mine" and facts["seed"] == 0 and facts["device"] == "cpu"
    assert facts["command"] == ["vitc", *argv[1:]]
    assert facts["versions"] == {
        "python": platform.python_version(), **{name: version(name) for name in ("vitc", "torch", "numpy")},
    }  # fmt: skip
    digest = hashlib.sha256((repeatable.parent / "start.safetensors").read_bytes()).hexdigest()
    assert (facts["weights"]["kind"], facts["weights"]["files"]) == ("file", {"start.safetensors": digest})
    manifest = json.loads((tmp_path / "run" / "export" / "manifest.json").read_text())
    assert (manifest["weights"]["kind"], manifest["weights"]["epoch"]) == ("training", 1)
    assert manifest["weights"]["start"] == facts["weights"]
    assert facts["data"].keys() >= {"train"}
    checkpoint = tmp_path / "run" / "checkpoints" / facts["newest"]
    assert facts["checkpoints"][facts["newest"]] == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in checkpoint.iterdir()
    }


def test_weights_that_are_drawn_are_recorded_by_their_seed(spec, run, tmp_path):
    run(spec("epochs = 1, batch = 32, seed = 9"))
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (facts["weights"]["kind"], facts["weights"]["seed"]) == ("drawn", 9)
    assert (facts["seed"], facts["spec"]["main"]) == (9, "tiny.vit")


def test_a_text_that_differs_in_a_comment_is_resumed_and_recorded_beside_the_first(repeatable, tmp_path, refused):
    go(repeatable, out=tmp_path / "run")
    go(repeatable, resume=tmp_path / "run", settings={"train.epochs": "3"})
    (repeatable.parent / "parts" / "head.vit").write_text(PART.replace("# a residual layer", "# another word"))
    go(repeatable, resume=tmp_path / "run", settings={"train.epochs": "4"})
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["spec"]["files"]["parts/head.vit"] == PART
    assert [entry["after"] for entry in facts["resumed"]] == ["epoch-0000002", "epoch-0000003"]
    assert "spec" not in facts["resumed"][0]
    assert "another word" in facts["resumed"][1]["spec"]["files"]["parts/head.vit"]
    (repeatable.parent / "parts" / "head.vit").write_text(PART.replace("* 2.0", "* 3.0"))
    found, _ = refused(go, repeatable, resume=tmp_path / "run", settings={"train.epochs": "5"})
    assert found.code == "V1102" and found.message.endswith("the model is not the same")


def test_the_spec_may_change_while_a_run_trains(repeatable, tmp_path):
    """What is exported is the model that was trained, not that of the text as it is by then."""
    edit = Listener(epoch=lambda row: (repeatable.parent / "parts" / "head.vit").write_text(PART.replace("2.0", "3.0")))
    go(repeatable, out=tmp_path / "run", listener=edit)
    model, exported = (tmp_path / "run" / name / "model.py" for name in ("", "export"))
    assert exported.read_text() == model.read_text() and "3.0" not in model.read_text()


@pytest.mark.parametrize("trained", [0, 1])
def test_other_weights_to_start_from_are_refused_until_an_epoch_is_trained(repeatable, tmp_path, refused, trained):
    def stop(row):
        raise KeyboardInterrupt

    listener = Listener(epoch=stop) if trained else Listener(step=lambda index, loss: stop(index))
    with pytest.raises(KeyboardInterrupt):
        go(repeatable, out=tmp_path / "run", listener=listener)
    file = repeatable.parent / "start.safetensors"
    weights = load_file(file)
    save_file({name: array + 1 for name, array in weights.items()}, file)
    if trained:  # they are not read any more
        assert go(repeatable, resume=tmp_path / "run")["epochs"] == 2
    else:
        found, status = refused(go, repeatable, resume=tmp_path / "run")
        assert (found.code, status) == ("V1102", 3)
        assert "weights `start.safetensors` was" in found.message


def test_a_part_that_changed_is_named(spec, run, refused, tmp_path, monkeypatch):
    path = spec("epochs = 1, batch = 32")
    real = Fake.read

    def other(text, classes=()):
        def read(*args):
            parts = real(*args)
            return replace(parts, fingerprint={"train": text, "test": "32 pictures, sha256 bb"}, classes=classes)

        monkeypatch.setattr(Fake, "read", read)

    other("64 pictures, sha256 aa")
    run(path)
    other("64 pictures, sha256 ff")
    found, status = refused(run, path, resume=tmp_path / "run", settings={"train.epochs": "2"})
    assert (found.code, status) == ("V1102", 3)
    assert found.message.endswith("data `train` was 64 pictures, sha256 aa and is 64 pictures, sha256 ff")
    other("64 pictures, sha256 aa", tuple("jihgfedcba"))
    found, _ = refused(run, path, resume=tmp_path / "run", settings={"train.epochs": "2"})
    assert "classes were" in found.message


def test_what_the_data_has_to_say_is_heard_before_training(spec, run, monkeypatch):
    from vitc.diagnostics import Diagnostic

    real, heard = Fake.read, []
    note = Diagnostic("V0904", "two files were passed over", severity="note")
    monkeypatch.setattr(Fake, "read", lambda *args: replace(real(*args), notes=(note,)))
    run(
        spec("epochs = 1, batch = 32"),
        listener=Listener(started=lambda *_: heard.append("started"), warning=heard.append),
    )
    assert heard == [note, "started"]


def test_a_finished_run_is_not_trained_or_scored_again(spec, run, tmp_path, monkeypatch):
    from vitc.runtime.training.trainer import Trainer

    path, heard = spec("epochs = 1, batch = 32"), []
    summary = run(path)
    before = {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()}
    with monkeypatch.context() as patch:
        patch.setattr("vitc.application.train.read", None)
        assert run(path, resume=tmp_path / "run", listener=Listener(warning=heard.append)) == summary
    assert {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()} == before
    assert [(d.code, d.severity) for d in heard] == [("V1109", "note")]
    # Cut off in its export: that alone is made again, the score stays.
    shutil.rmtree(tmp_path / "run" / "export")
    monkeypatch.setattr(Trainer, "score", None)
    monkeypatch.setattr(Trainer, "epoch", None)
    assert run(path, resume=tmp_path / "run") == summary
    assert (tmp_path / "run" / "export" / "model.safetensors").read_bytes() == before[
        tmp_path / "run" / "export" / "model.safetensors"
    ]


def test_resume_takes_no_folder(spec, run, refused, tmp_path):
    found, status = refused(train, spec(), out=tmp_path / "a", resume=tmp_path / "b")
    assert (found.code, status) == ("V1006", 2)
    assert Path(tmp_path / "a").exists() is False
