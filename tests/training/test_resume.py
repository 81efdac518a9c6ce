"""A run that goes on ends where an uninterrupted one ends, to the bit, whatever interrupted it."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file
from vitc.diagnostics import VitError
from vitc.runtime.training import checkpoints, folder

#: Everything that is drawn: order, dropout, stochastic depth, augmentation; and an optimizer with a memory.
TRAIN = "epochs = 6, batch = 16, augment = [flip, affine], optimizer = {optimizer}, schedule = cosine(warmup = 2 epochs), clip = 1.0"
DATA = "source = fake(count = 40, held_out = 16), validation = 0.2"

#: Trains in child processes of one that has everything imported; ends each at a random moment until one comes through.
KILLER = """
import os, random, signal, sys, time
import torch, matplotlib.figure, safetensors.torch
from vitc.application.train import train
from vitc.runtime.training import folder
from pathlib import Path

spec, out, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = random.Random(kills)
killed = 0
while True:
    child = os.fork()
    if child == 0:
        going = folder.holds(Path(out))
        train(spec, out=None if going else out, resume=out if going else None, verify=False, device="cpu")
        os._exit(0)
    if killed < kills:
        time.sleep(rng.uniform(0.05, 0.6))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        if os.WEXITSTATUS(status) == 0 and killed >= kills // 2:
            break
        if os.WEXITSTATUS(status) != 0:
            sys.exit(1)
    else:
        killed += 1
print(killed)
"""


def end(folder):
    """All that a run ends with: weights, the optimizer's memory, the figures of every epoch."""
    newest = max((folder / "checkpoints").iterdir())
    tensors = {
        **load_file(newest / "model.safetensors"),
        **load_file(newest / "optimizer.safetensors"),
        **{f"export {k}": v for k, v in load_file(folder / "export" / "model.safetensors").items()},
    }
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return newest.name, {name: array.tobytes() for name, array in tensors.items()}, rows


@pytest.mark.parametrize("optimizer", ["adamw(lr = 0.01)", pytest.param("sgd(lr = 0.05)", marks=pytest.mark.slow)])
def test_a_run_in_two_processes_is_a_run_in_one(spec, tmp_path, optimizer):
    path = spec(TRAIN.format(optimizer=optimizer), DATA)
    command = [sys.executable, "-m", "vitc", "train", str(path), "--no-verify", "--device", "cpu"]
    subprocess.run([*command, "-o", "whole"], cwd=tmp_path, check=True, capture_output=True)
    # Stopped after three epochs by an error in the fourth, as a full disk or a lost GPU would.
    code = (
        "from vitc.application.train import train; from vitc.runtime.training.train import Listener\n"
        "def stop(row):\n    if row['epoch'] == 3: raise KeyboardInterrupt\n"
        f"train({str(path)!r}, out='cut', verify=False, device='cpu', listener=Listener(epoch=stop))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "KeyboardInterrupt" in done.stderr and not (tmp_path / "cut" / "export").exists()
    subprocess.run([*command, "--resume", "cut"], cwd=tmp_path, check=True, capture_output=True)
    assert end(tmp_path / "cut") == end(tmp_path / "whole")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked children")
def test_a_run_killed_at_any_moment_ends_like_one_that_was_not(spec, tmp_path):
    path = spec(TRAIN.format(optimizer="adamw(lr = 0.01)").replace("epochs = 6", "epochs = 20"), DATA)
    for out, kills in (("whole", 0), ("killed", 6)):
        done = subprocess.run(
            [sys.executable, "-c", KILLER, str(path), str(tmp_path / out), str(kills)],
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) >= kills // 2
    assert end(tmp_path / "killed") == end(tmp_path / "whole")
    assert not [p for p in (tmp_path / "killed" / "checkpoints").iterdir() if p.name.startswith(".")]


@pytest.fixture
def started(tmp_path):
    """A run that has begun and trained nothing yet."""
    (tmp_path / "run").mkdir()
    made = folder.Run(tmp_path / "run", {})
    made.begin({"set": {}})
    return made


@pytest.mark.parametrize("at", range(24))
def test_a_checkpoint_cut_off_anywhere_leaves_the_one_before(started, tmp_path, monkeypatch, at):
    """Every call that touches the disk fails in turn; what is found then is whole and is one of the two."""
    import torch

    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    facts = {"epoch": 1, "rows": [], "best": None, "seconds": 0.0}
    later = {**facts, "epoch": 2}
    checkpoints.save(started, model, optimizer, facts, {"epoch-0000001"}, {"metrics.jsonl": b"1"})
    calls = []

    def cut(call):
        def wrapped(*args, **options):
            calls.append(call)
            if len(calls) == at + 1:
                raise RuntimeError("power cut")
            return call(*args, **options)

        return wrapped

    monkeypatch.setattr(checkpoints, "save_file", cut(checkpoints.save_file))
    for name in ("replace", "rename", "fsync", "open", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, cut(getattr(os, name)))
    try:
        checkpoints.save(started, model, optimizer, later, {"epoch-0000002"}, {"metrics.jsonl": b"2"})
        assert len(calls) <= at
    except RuntimeError:
        pass
    monkeypatch.undo()
    with folder.reopened(started.path) as found:
        assert found.start in ("epoch-0000001", "epoch-0000002")
        expected = facts if found.start == "epoch-0000001" else later
        assert checkpoints.load(found, found.start, model, optimizer) == {**expected, "optimizer": {}}
        assert (started.path / "metrics.jsonl").read_bytes() in (b"1", b"2")
        checkpoints.save(found, model, optimizer, later, {"epoch-0000002"}, {"metrics.jsonl": b"2"})
    assert os.listdir(started.path / "checkpoints") == ["epoch-0000002"]
    assert (started.path / "metrics.jsonl").read_bytes() == b"2"


def test_a_half_written_checkpoint_is_passed_over(spec, run, tmp_path):
    path = spec("epochs = 3, batch = 16", DATA)
    run(path, "cut", settings={"train.epochs": "2", "train.schedule": "constant"})
    stage = tmp_path / "cut" / "checkpoints" / folder.STAGE
    shutil.copytree(tmp_path / "cut" / "checkpoints" / "epoch-0000002", stage)
    (stage / "model.safetensors").write_bytes(b"half")
    run(path, resume=tmp_path / "cut", settings={"train.epochs": "3"})
    left = {p.name for p in (tmp_path / "cut" / "checkpoints").iterdir()}
    assert "epoch-0000003" in left and stage.name not in left


def test_more_epochs_go_on_with_the_schedule_over_the_new_length(spec, run, tmp_path):
    """With a constant rate that is the longer run; a cosine that was nearly down rises again, as the docs say."""
    path = spec("epochs = 4, batch = 16, schedule = constant, augment = [affine]", DATA)
    run(path, "whole")
    run(path, "short", settings={"train.epochs": "2"})
    summary = run(path, resume=tmp_path / "short", settings={"train.epochs": "4"})
    assert end(tmp_path / "short") == end(tmp_path / "whole")
    assert summary["epochs"] == 4
    assert run(path, resume=tmp_path / "short")["epochs"] == 4  # the new length was kept

    path = spec("epochs = 2, batch = 16, schedule = cosine", DATA)
    run(path, "cosine")
    run(path, resume=tmp_path / "cosine", settings={"train.epochs": "4"})
    rates = [json.loads(line)["lr"] for line in (tmp_path / "cosine" / "metrics.jsonl").read_text().splitlines()]
    assert rates[0] > rates[1] < rates[2] > rates[3]


@pytest.mark.parametrize(
    "settings, what",
    [
        ({"train.batch": "8"}, "`train.batch` was 16 and is 8"),
        ({"train.optimizer": "sgd(lr = 0.1)"}, "`train.optimizer` was not set and is sgd(lr = 0.1)"),
        ({"data.mean": "0.5"}, "`data.mean` was not set and is 0.5"),
        ({"heads": "4"}, "the model is not the same"),
        ({"input.mean": "0.5"}, "`mean` was [0.0] and is [0.5]"),
        ({"data.source": "fake(count = 41)"},
         "`data.source` was fake(count = 40) and is fake(count = 41)"),
        ({"train.epochs": "1"}, "2 epochs are trained, train.epochs asks for 1"),
        ({"data.interpolation": "bicubic"}, "`data.interpolation` was not set and is bicubic"),
    ],
)  # fmt: skip
def test_a_run_does_not_go_on_with_anything_else_changed(spec, run, tmp_path, settings, what):
    path = spec("epochs = 2, batch = 16", "source = fake(count = 40)")
    run(path)
    with pytest.raises(VitError) as caught:
        run(path, resume=tmp_path / "run", settings={"train.epochs": "3", **settings})
    (found,) = caught.value.diagnostics
    assert (found.code, caught.value.exit_status) == ("V1102", 3)
    assert found.message == f"`{tmp_path / 'run'}` can't be resumed: {what}"


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b'{"set": 1, "settings": {}, "model": 1, "images": 1}'])
def test_a_folder_without_a_run_is_refused(spec, run, tmp_path, content):
    (tmp_path / "none").mkdir()
    if content is not None:
        (tmp_path / "none" / "run.json").write_bytes(content)
    with pytest.raises(VitError) as caught:
        run(spec(), resume=tmp_path / "none")
    assert (caught.value.diagnostics[0].code, caught.value.exit_status) == ("V1103", 3)


def test_the_optimizer_comes_back_as_it_was(started):
    import torch

    def trained(steps, model, optimizer):
        for step in range(steps):
            optimizer.zero_grad()
            (model(torch.full((1, 3), float(step + 1))) ** 2).sum().backward()
            optimizer.step()

    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    trained(3, model, optimizer)
    facts = {"epoch": 1, "rows": [{}], "best": {"epoch": 1, "key": 0.1 + 0.2}, "seconds": 1.5}
    checkpoints.save(started, model, optimizer, facts, {"epoch-0000001"}, {})
    other = torch.nn.Linear(3, 2)
    theirs = torch.optim.AdamW(other.parameters(), lr=0.1)
    back = checkpoints.load(started, "epoch-0000001", other, theirs)
    assert {k: back[k] for k in facts} == facts
    trained(2, model, optimizer)
    trained(2, other, theirs)
    assert all(
        np.array_equal(a.detach(), b.detach()) for a, b in zip(model.parameters(), other.parameters(), strict=True)
    )
