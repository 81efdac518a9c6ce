"""Files of weights that are not what they say: refused with a code, from the header, before torch is imported."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
import vitc
from safetensors.numpy import save_file
from vitc.application import weights as application
from vitc.compiler import driver
from vitc.compiler.elaborate.library import loads
from vitc.runtime.weights.initial import Initial

SPEC = "vit 1\nmodel m = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 3 }\n"


@pytest.fixture(scope="module")
def good():
    return dict(Initial(driver.prepare(loads(SPEC), "m").program, 0))


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def header(entries, size=16):
    text = json.dumps(entries).encode() if not isinstance(entries, bytes) else entries
    return len(text).to_bytes(8, "little") + text + bytes(size)


def tensor(shape=(2,), begin=0, end=8, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def zipped(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def torch_zip(pickled):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/version", "3")
    return file.getvalue()


def npy(shape, data=b"", dtype="'<f4'"):
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data


def test_files_that_cannot_be_read(tmp_path, run_all, good):
    (tmp_path / "m.vit").write_text(SPEC)
    canary = tmp_path / "canary"
    objects = io.BytesIO()
    np.savez(objects, a=np.array([Evil(canary)], object))
    whole = tmp_path / "whole.safetensors"
    save_file(good, whole)
    data = whole.read_bytes()
    files = {
        "pickle.safetensors": pickle.dumps(Evil(canary)),
        "pickle.npz": pickle.dumps(Evil(canary)),
        "torch zip.safetensors": torch_zip(pickle.dumps(Evil(canary))),
        "objects.npz": objects.getvalue(),
        "empty.safetensors": b"",
        "seven bytes.safetensors": b"1234567",
        "truncated.safetensors": data[: len(data) // 2],
        "cut in the header.safetensors": data[:40],
        "a byte more.safetensors": data + b"x",
        "header bomb.safetensors": (200 * 2**20).to_bytes(8, "little") + b"{" + b" " * 1000,
        "header of 2^63.safetensors": (2**63).to_bytes(8, "little") + b"{}",
        "no json.safetensors": header(b"{" * 64),
        "deep json.safetensors": header(b'{"a":' * 100_000),
        "a list.safetensors": header([1, 2]),
        "overlap.safetensors": header({"a": tensor(), "b": tensor(begin=4, end=12)}),
        "hole.safetensors": header({"a": tensor(), "b": tensor(begin=12, end=20)}, 20),
        "twice.safetensors": header(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}'),
        "backwards.safetensors": header({"a": tensor(begin=8, end=0)}),
        "NaN shape.safetensors": header(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}'),
        "negative shape.safetensors": header({"a": tensor(shape=(-2,))}),
        "2^64 elements.safetensors": header({"a": tensor(shape=(2**32, 2**32))}),
        "a shape of text.safetensors": header({"a": tensor(shape=("2",))}),
        "an unknown type.safetensors": header({"a": tensor(dtype="F1")}),
        "no npy.npz": zipped(a=b"hello"),
        "an npy of version 9.npz": zipped(a=b"\x93NUMPY\x09\x00" + bytes(100)),
        "code in the header.npz": zipped(a=npy("(__import__('os').system('true'),)")),
        "a long header.npz": zipped(a=npy("(" + "1," * 30_000 + ")")),
        "truncated.npz": zipped(a=npy("(3,)", bytes(12)))[:60],
        "twice.npz": zipped(a=npy("(1,)", bytes(4))).replace(b"a.npy", b"a.npy"),
    }  # fmt: skip
    del files["twice.npz"]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    commands = [["compile", tmp_path / "m.vit", "--weights", tmp_path / n, "-o", tmp_path / "out"] for n in files]
    for name, (status, out, err) in zip(files, run_all(commands), strict=True):
        assert (status, out) == (3, ""), (name, err)
        assert err.startswith("error[V0702]"), (name, err)
        assert ("looks like a pickle" in err) == ("pickle" in name or "torch zip" in name), (name, err)
    assert not canary.exists()
    assert not (tmp_path / "out").exists()


def test_places_that_hold_no_file(tmp_path, run_all):
    import os

    (tmp_path / "m.vit").write_text(SPEC)
    (tmp_path / "folder.safetensors").mkdir()
    os.mkfifo(tmp_path / "fifo.safetensors")
    (tmp_path / "loop.safetensors").symlink_to("loop.safetensors")
    places = ["folder.safetensors", "fifo.safetensors", "loop.safetensors", "none.npz", "x" * 300, "/dev/zero"]
    commands = [["compile", tmp_path / "m.vit", "--weights", tmp_path / place] for place in places]
    for status, _, err in run_all(commands):
        assert status == 3
        assert err.startswith("error[V0701]")


def test_tensors_of_another_model_are_listed_from_the_header(tmp_path, run_all, good):
    (tmp_path / "m.vit").write_text(SPEC)
    enormous = header({"head.weight": tensor((2**40,), 0, 2**42)}, 8)  # in name only: the file is small
    changes = {
        "missing": ("V0703", {k: v for k, v in good.items() if k != "head.bias"}, "head.bias"),
        "unexpected": ("V0704", {**good, "evil\x1b[2J": np.zeros(1, np.float32)}, "evil\\u001b[2J"),
        "shape": ("V0705", {**good, "head.bias": np.zeros((4,), np.float32)}, "head.bias [3] (theirs: [4])"),
        "type": ("V0706", {**good, "head.bias": np.zeros((3,), np.int32)}, "head.bias is I32"),
    }
    for name, (_, tensors, _) in changes.items():
        save_file(tensors, tmp_path / f"{name}.safetensors")
        np.savez(tmp_path / f"{name}.npz", **tensors)
    (tmp_path / "enormous.safetensors").write_bytes(enormous)
    kinds = [f"{name}.{suffix}" for name in changes for suffix in ("safetensors", "npz")]
    commands = [["compile", tmp_path / "m.vit", "--weights", tmp_path / n] for n in [*kinds, "enormous.safetensors"]]
    *found, last = run_all(commands)
    for kind, (status, _, err) in zip(kinds, found, strict=True):
        code, _, text = changes[kind.partition(".")[0]]
        assert status == 3 and err.startswith(f"error[{code}]"), err
        assert text in err or (kind == "type.npz" and "head.bias is int32" in err), err
        assert "\x1b" not in err
    assert last[0] == 3 and "V0702" in last[2]


@pytest.mark.parametrize("kind", ["F16", "F64", "BF16"])
def test_other_floats_become_float32(tmp_path, good, kind):
    import torch
    from safetensors.torch import save_file as save_torch

    (tmp_path / "m.vit").write_text(SPEC)
    types = {"F16": torch.float16, "F64": torch.float64, "BF16": torch.bfloat16}
    tensors = {name: torch.from_numpy(array).to(types[kind]) for name, array in good.items()}
    save_torch(tensors, tmp_path / "w.safetensors")
    compiled = vitc.load(tmp_path / "m.vit")
    found = application.start(compiled, tmp_path / "m.vit", 0, tmp_path / "w.safetensors")
    for name, tensor in tensors.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], tensor.float().numpy())
