"""Pickles: refused without trust; with it nothing of them runs, and what scripts store beside weights does not stop them."""

import argparse
import collections
import datetime
import functools
import json
import os
import pathlib
import pickle
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest


@pytest.fixture
def torches(tiny):
    import torch

    return {name: torch.from_numpy(array) for name, array in tiny.tensors.items()}


def saved(found, path, **options):
    import torch

    torch.save(found, path, **options)
    return path


def same(found, tensors):
    return all(np.array_equal(found[name], tensors[name]) for name in tensors)


class Settings(dict):
    """What a framework stores: a dictionary of a class that nobody who loads it has."""

    def __init__(self, **entries):
        super().__init__(entries)
        self.__dict__["frozen"] = True


class Tracker(list):
    pass


def test_what_training_scripts_store_does_not_stop_it(tiny, torches, bring, tmp_path):
    import torch

    stored = {
        "model": collections.OrderedDict(torches),
        "optimizer": {"state": {0: {"exp_avg": torch.ones(3), "step": torch.tensor(1.0)}}, "param_groups": [{"lr": 1e-3}]},
        "args": argparse.Namespace(lr=1e-3, out=pathlib.PosixPath("/x"), func=functools.partial(max, 1), run=saved),
        "best": np.float64(0.75), "rng": np.random.default_rng(0).standard_normal(3), "dtype": np.dtype("float32"),
        "counts": collections.defaultdict(list, {"a": [1]}), "when": datetime.datetime(2026, 1, 2), "size": torch.Size([2, 3]),
        "settings": Settings(depth=3), "seen": Tracker([1, 2]), "path": pathlib.PurePosixPath("a/b"), "epoch": 3,
    }  # fmt: skip
    path = saved(stored, tmp_path / "checkpoint.pth.tar")
    (refused,) = bring(path)
    assert refused.code == "V0712"
    print(bring(path, "--trust"))
    about, found = bring(path, "--trust")
    assert about["part"] == "model"
    assert about["files"].keys() == {"checkpoint.pth.tar"}
    assert same(found, tiny.tensors)


@pytest.mark.parametrize("old", [False, True])
def test_lightning_and_both_formats(old, tiny, torches, bring, tmp_path):
    stored = {"state_dict": {f"model.{k}": v for k, v in torches.items()}, "loops": {}, "callbacks": {}}
    path = saved(stored, tmp_path / "last.ckpt", _use_new_zipfile_serialization=not old)
    about, found = bring(path, "--trust")
    assert about["part"] == "state_dict.model"
    assert same(found, tiny.tensors)


def test_a_folder_with_a_pickle_alone(tiny, torches, bring, tmp_path):
    folder = tmp_path / "their"
    folder.mkdir()
    half = {name: tensor.bfloat16() for name, tensor in torches.items()}
    saved(half, folder / "pytorch_model.bin")
    assert bring(folder)[0].code == "V0712"
    assert same(bring(folder, "--trust")[1], {name: tensor.float().numpy() for name, tensor in half.items()})
    where = dict.fromkeys(tiny.tensors, "pytorch_model-00001-of-00001.bin")
    (folder / "pytorch_model.bin").rename(folder / "pytorch_model-00001-of-00001.bin")
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": where}))
    assert len(bring(folder, "--trust")[1]) == len(tiny.tensors)


class Runs:
    """Calls something when it is unpickled."""

    def __init__(self, call, *arguments):
        self.call = call, arguments

    def __reduce__(self):
        return self.call


def test_nothing_of_a_pickle_runs(torches, bring, tmp_path):
    canary = tmp_path / "canary"
    calls = {
        "system": Runs(os.system, f"touch {canary}"), "eval": Runs(eval, f"open({str(canary)!r}, 'w')"),
        "popen": Runs(subprocess.Popen, ["touch", str(canary)]), "open": Runs(open, str(canary), "w"),
        "getattr": Runs(getattr, str, "upper"),
    }  # fmt: skip
    for name, call in calls.items():
        path = saved({"model": torches, "args": call}, tmp_path / f"{name}.pth")
        (found,) = bring(path, "--trust")
        assert found.code == "V0712", name
        assert f"`{path}`" in found.message
        assert not canary.exists(), name
    # a class of the user's own that would run: it is stood for, never looked up
    import torch.utils.data

    path = saved({"model": torches, "args": Runs(torch.utils.data.get_worker_info)}, tmp_path / "own.pth")
    assert bring(path, "--trust")[0]["part"] == "model"


def test_what_can_not_be_taken_says_why(tiny, torches, bring, tmp_path):
    import torch

    module = torch.nn.Linear(2, 2)
    huge = torch.as_strided(torch.ones(1), (2**20, 2**16), (0, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that torch is giving this kind up
        small = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    whole = saved(torches, tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cut old.pth").write_bytes(
        saved(torches, tmp_path / "old.pth", _use_new_zipfile_serialization=False).read_bytes()[:-500]
    )
    (tmp_path / "plain.pth").write_bytes(pickle.dumps({"a": 1}, protocol=4))
    cases = {
        saved(module, tmp_path / "module.pth"): ("V0712", "state_dict()"),
        saved({"model": module}, tmp_path / "inner.pth"): ("V0712", "torch.nn.modules.linear.Linear"),
        saved({"x": huge}, tmp_path / "huge.pth"): ("V0712", "many times more than the file"),
        saved({"x": small}, tmp_path / "q.pth"): ("V0712", "quantised"),
        saved(torches | {"norm.weight": torch.ones(8, dtype=torch.int8)}, tmp_path / "int8.pth"): ("V0706", "norm.weight is I8"),
        tmp_path / "cut.pth": ("V0702", "cut off or damaged"),
        tmp_path / "cut old.pth": ("V0712", "cut old.pth"),
        tmp_path / "plain.pth": ("V0712", "plain.pth"),
    }  # fmt: skip
    for path, (code, text) in cases.items():
        found = bring(path, "--trust", "--layout", "timm")[0]
        assert found.code == code, path
        assert text in found.message + found.help, (path, found)
        assert "/vitc-" not in found.message, path


def test_a_compressed_archive_is_inflated_not_mapped(tiny, torches, bring, tmp_path):
    """Mapped, the bytes of deflate would be taken for numbers."""
    path = saved(torches, tmp_path / "a.pth")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    found = bring(tmp_path / "b.pth", "--trust")
    assert found[0].code == "V0712" if len(found) == 1 else same(found[1], tiny.tensors)


def test_compile_takes_trust_and_the_limits_of_the_user(tiny, torches, tmp_path):
    """`ulimit -v` of the user holds for the child: it is not raised, and what does not fit in it is said."""
    path = saved({"model": torches}, tmp_path / "w.pth")
    words = [
        sys.executable,
        "-m",
        "vitc",
        "compile",
        str(tiny.spec),
        "--weights",
        str(path),
        "--to",
        "onnx",
        "--no-verify",
    ]
    words += ["-o", str(tmp_path / "out")]
    assert subprocess.run(words, capture_output=True, text=True, check=False).returncode == 3
    small = ["bash", "-c", 'ulimit -v 1500000; exec "$@"', "bash", *words, "--trust"]
    done = subprocess.run(small, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert str(path) in done.stderr
    done = subprocess.run([*words, "--trust"], capture_output=True, text=True, check=True)
    assert "weights: w.pth (sha256 " in done.stdout
    assert "part: model" in done.stdout
