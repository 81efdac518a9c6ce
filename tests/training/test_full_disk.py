"""A disk that is full anywhere in a run: V0801, the last whole epoch stays, nothing half-written, and resume ends the run
as if nothing had been."""

import json
import os
import subprocess
import sys

import pytest
from vitc.diagnostics import VitError
from vitc.runtime.training import folder

#: Trains in forked children, one for each `out=limit@epoch`: from the end of that epoch on no file may grow beyond the limit.
CHILD = """
import os, resource, sys
import torch, matplotlib.figure, safetensors.torch
from vitc.application.train import train
from vitc.runtime.training.train import Listener

def limited(out, limit, epoch):
    def full(row):
        if row["epoch"] == epoch:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    full({"epoch": 0})
    try:
        train(spec, out=out, verify=False, device="cpu", listener=Listener(epoch=full))
    except Exception as problem:
        print(*[d.code for d in getattr(problem, "diagnostics", ())] or [repr(problem)], flush=True)

spec, *cases = sys.argv[1:]
for case in cases:
    out, _, rest = case.rpartition("=")
    limit, epoch = map(int, rest.split("@"))
    if os.fork() == 0:
        limited(out, limit, epoch)
        os._exit(0)
    os.wait()
"""
DATA = "source = fake(count = 64, held_out = 32), validation = 0.25"


def leftovers(path):
    return [p for p in path.rglob("*") if p.name.startswith(".")]


def end(path):
    return [(path / name).read_bytes() for name in ("metrics.jsonl", "export/model.safetensors", "model.py")]


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_file_that_may_not_grow(spec, run, tmp_path):
    """Limits of 0 and of sizes between those of the files that are written, so that each of them is hit."""
    path = spec("epochs = 3, batch = 16, optimizer = adamw(lr = 0.01)", DATA)
    run(path, "whole")
    sizes = {p.relative_to(tmp_path / "whole").as_posix(): p.stat().st_size for p in (tmp_path / "whole").rglob("*")}
    model, moments = (sizes[f"checkpoints/epoch-0000003/{name}.safetensors"] for name in ("model", "optimizer"))
    assert sizes["run.json"] < model < moments < sizes["curves.png"]
    # Before there is a run; then what writes the record, the weights, the optimizer's memory, and the picture at the end.
    limits = {"none": "0@0", "record": f"{sizes['run.json'] - 1}@1", "nothing": "0@1", "weights": f"{model - 1}@1",
              "memory": f"{moments - 1}@1", "picture": f"{sizes['curves.png'] - 1}@1"}  # fmt: skip
    cases = [f"{tmp_path / name}={limit}" for name, limit in limits.items()]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, path, *cases], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, ["V0801"] * len(cases)), done.stderr
    assert not (tmp_path / "none").exists()
    for name in list(limits)[1:]:
        out = tmp_path / name
        with folder.reopened(out) as found:
            assert found.start == ("epoch-0000003" if name == "picture" else "epoch-0000001")
        assert not leftovers(out) and not (out / "export").exists() and not (out / "curves.png").exists()
        run(path, resume=out)
        assert end(out) == end(tmp_path / "whole")


def _fill(row, where, left):
    """Leaves about this many bytes of the disk."""
    free = os.statvfs(where).f_bavail * os.statvfs(where).f_frsize
    (where / "ballast").write_bytes(b"0" * max(0, free - left))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB, where this process may mount one."""
    where = tmp_path / "disk"
    where.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", where], capture_output=True, check=False
    ).returncode
    if mounted != 0:
        pytest.skip("a file system can't be mounted here")
    yield where
    subprocess.run(["umount", where], check=True)


def test_a_disk_that_is_full(spec, run, small_disk, tmp_path):
    from vitc.runtime.training.train import Listener

    path = spec("epochs = 3, batch = 16, optimizer = adamw(lr = 0.01)", DATA)
    run(path, "whole")
    for left in (0, 4096, 32768):
        out = small_disk / f"run-{left}"
        fill = Listener(epoch=lambda row, left=left: _fill(row, small_disk, left) if row["epoch"] == 1 else None)
        with pytest.raises(VitError) as caught:
            run(path, out, listener=fill)
        assert caught.value.diagnostics[0].code == "V0801", left
        assert not leftovers(out)
        (small_disk / "ballast").unlink()
        run(path, resume=out)
        assert end(out) == end(tmp_path / "whole"), left
        assert json.loads((out / "summary.json").read_text())["epochs"] == 3
