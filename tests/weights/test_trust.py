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


@pytest.mark.parametrize("old", [False, True])
def test_what_training_scripts_store_does_not_stop_it(old, tiny, torches, bring, here, tmp_path):
    import torch

    stored = {
        "model": collections.OrderedDict(torches),
        "optimizer": {"state": {0: {"exp_avg": torch.ones(3), "step": torch.tensor(1.0)}}, "param_groups": [{"lr": 1e-3}]},
        "args": argparse.Namespace(lr=1e-3, out=pathlib.PosixPath("/x"), func=functools.partial(torch.optim.SGD if old else torch.nn.LayerNorm, eps=1e-6), run=saved),
        "best": np.float64(0.75), "rng": np.random.default_rng(0).standard_normal(3), "dtype": np.dtype("float32"),
        "counts": collections.defaultdict(list, {"a": [1]}), "when": datetime.datetime(2026, 1, 2), "size": torch.Size([2, 3]),
        "settings": Settings(depth=3), "seen": Tracker([1, 2]), "path": pathlib.PurePosixPath("a/b"), "epoch": 3,
        "history": np.ones((2, 3), np.float32), "names": np.array(["a", "b"]), "objects": np.array([{"a": 1}, None], object),
        "records": np.zeros(2, [("a", "<f4"), ("b", "<i8")]), "state": np.random.get_state(), "numpy": np.random.default_rng(0),
        "big": np.ones(2, ">f8"), "empty": np.empty((0, 3)), "masked": np.ma.masked_array([1, 2], [False, True]), "any": (..., 1j, {1}),
        "sparse": torch.ones(2, 2).to_sparse(), "spectrum": torch.ones(2, dtype=torch.complex64), "meta": torch.ones(2, device="meta"),
    }  # fmt: skip
    path = saved(stored, tmp_path / "checkpoint.pth.tar", _use_new_zipfile_serialization=not old)
    (refused,) = bring(path)
    assert refused.code == "V0712"
    about, found = bring(path, "--trust")
    assert about["part"] == "model"
    assert about["outside"] == {"meta": 1, "sparse": 1, "spectrum": 1}
    assert about["files"].keys() == {"checkpoint.pth.tar"}
    assert same(found, tiny.tensors)


@pytest.mark.parametrize("old", [False, True])
def test_lightning_and_both_formats(old, tiny, torches, bring, here, tmp_path):
    stored = {"state_dict": {f"model.{k}": v for k, v in torches.items()}, "loops": {}, "callbacks": {}}
    path = saved(stored, tmp_path / "last.ckpt", _use_new_zipfile_serialization=not old)
    about, found = bring(path, "--trust")
    assert about["part"] == "state_dict.model"
    assert same(found, tiny.tensors)


def test_state_dicts_in_a_list_have_its_numbers(tiny, torches, bring, here, tmp_path):
    """A tuple of the weights and what else there is; averaged weights in a list are a second copy, which is asked for."""
    about, found = bring(saved((torches, {"lr": 1e-3}), tmp_path / "a.pth"), "--trust")
    assert about["part"] == "0" and same(found, tiny.tensors)
    path = saved(
        {"model": {name: tensor + 1 for name, tensor in torches.items()}, "ema": [torches]}, tmp_path / "b.pth"
    )
    assert bring(path, "--trust")[0].code == "V0716"
    assert same(bring(path, "--trust", "--part", "ema.0")[1], tiny.tensors)


def test_a_folder_with_a_pickle_alone(tiny, torches, bring, here, tmp_path):
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


def test_nothing_of_a_pickle_runs(torches, bring, here, tmp_path):
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


def module():
    import torch

    return torch.nn.Linear(2, 2)


def huge():
    import torch

    return torch.as_strided(torch.ones(1), (2**20, 2**16), (0, 0))


def quantised():
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that torch is giving this kind up
        return torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)


def int8():
    import torch

    return torch.ones(8, dtype=torch.int8)


def same_names(good):
    return {"a.b": next(iter(good.values())), "a": {"b": next(iter(good.values()))}}


@pytest.mark.parametrize(("stored", "code", "text"), [
    (lambda _: module(), "V0712", "torch.nn.modules.linear.Linear`: save its state_dict()"),
    (lambda _: {"model": module()}, "V0712", "torch.nn.modules.linear.Linear`: save its state_dict()"),
    (lambda _: {"x": huge()}, "V0712", "many times more than the file"),
    (lambda _: {"x": quantised()}, "V0712", "quantised"),
    (lambda good: good | {"norm.weight": int8()}, "V0706", "norm.weight is I8"),
    (lambda good: good | {"norm.weight": good["norm.weight"].to_sparse()}, "V0706", "norm.weight is sparse_coo"),
    (lambda good: good | {"norm.weight": quantised()}, "V0706", "norm.weight is quantised (qint8)"),
    (lambda good: {name: tensor.numpy() for name, tensor in good.items()}, "V0712", "numpy arrays: save them by name with numpy.savez"),
    (same_names, "V0712", "two tensors in it would be called `a.b`"),
    (lambda _: {"lr": 1e-3}, "V0712", "no tensors by name"),
])  # fmt: skip
def test_what_can_not_be_taken_says_why(stored, code, text, torches, bring, here, tmp_path):
    path = saved(stored(torches), tmp_path / "w.pth")
    found = bring(path, "--trust", "--layout", "timm")[0]
    assert found.code == code
    assert text in found.message + found.help
    assert f"`{path}`" in found.message


def test_damaged_pickles(torches, bring, here, tmp_path):
    whole = saved(torches, tmp_path / "whole.pth").read_bytes()
    old = saved(torches, tmp_path / "old.pth", _use_new_zipfile_serialization=False).read_bytes()
    files = {
        "cut.pth": (whole[: len(whole) // 2], "V0702", "cut off or damaged"),
        "cut old.pth": (old[:200], "V0712", "cut off or damaged"),
        "plain.pth": (pickle.dumps({"a": torches}, protocol=4), "V0712", "protocol"),
    }
    for name, (content, code, text) in files.items():
        (tmp_path / name).write_bytes(content)
        (found,) = bring(tmp_path / name, "--trust")
        assert (found.code, text in found.message) == (code, True), found
        assert f"`{tmp_path / name}`" in found.message


def test_a_compressed_archive_is_inflated_not_mapped(tiny, torches, bring, here, tmp_path):
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
    small = ["bash", "-c", 'ulimit -v 1500000; exec "$@"', "bash", *words, "--trust"]
    done = subprocess.run(small, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert str(path) in done.stderr
    done = subprocess.run([*words, "--trust"], capture_output=True, text=True, check=True)
    assert "weights: w.pth (sha256 " in done.stdout
    assert "part: model" in done.stdout


TRAINED = """vit 1

model m = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 10, input { mean = 0.3, std = 0.4 } }

data    { source = fake(count = 8, held_out = 4) }
train   { epochs = 1, batch = 8, optimizer = sgd(lr = 1e-30, weight_decay = 0.0) }
weights { file = "w.ckpt", part = "model_ema" }
export  { torchscript = false, onnx = false }
"""


def test_train_takes_trust(here, tmp_path):
    """A learning rate at which float32 stays as it is: the run exports what the pickle held."""
    import hashlib

    import torch
    import vitc
    from safetensors.numpy import load_file
    from typer.testing import CliRunner
    from vitc.cli.main import app
    from vitc.diagnostics import VitError

    spec = tmp_path / "m.vit"
    spec.write_text(TRAINED)
    shapes = {name: one.shape for name, one in vitc.check(spec).weights().items()}
    ema, last = ({name: torch.randn(shape) for name, shape in shapes.items()} for _ in range(2))
    path = saved({"model": last, "model_ema": ema, "args": argparse.Namespace(lr=1.0)}, tmp_path / "w.ckpt")
    words = ["train", str(spec), "-o", str(tmp_path / "run"), "--device", "cpu", "--no-verify"]
    problem = CliRunner().invoke(app, words).exception
    assert isinstance(problem, VitError)
    assert (problem.diagnostics[0].code, problem.exit_status) == ("V0712", 3)
    assert not (tmp_path / "run").exists()
    done = CliRunner().invoke(app, [*words, "--trust"])
    assert done.exit_code == 0, done.exception
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"started from: w.ckpt (sha256 {digest[:12]}), layout timm" in done.stdout
    assert "  part: model_ema" in done.stdout
    assert json.loads((tmp_path / "run" / "run.json").read_text())["weights"]["files"] == {"w.ckpt": digest}
    assert same(load_file(tmp_path / "run" / "export" / "model.safetensors"), {n: t.numpy() for n, t in ema.items()})
