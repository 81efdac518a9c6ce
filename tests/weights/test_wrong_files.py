"""Every wrong file gives a coded diagnostic that names tensors, and nothing is written."""

import json
import os
import pickle
import struct
import time

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner
from vitc.diagnostics import VitError
from vitc.diagnostics.messages import render
from vitc.runtime.weights.initial import Initial

MODEL = ["--model", "vit_base_patch16_224", "--set", "image=32x32x3", "--set", "patch=8", "--set", "dim=32",
         "--set", "depth=2", "--set", "heads=4", "--set", "classes=5"]  # fmt: skip


@pytest.fixture
def right(small):
    """The tensors of a model as they should be."""
    program = small("vit_base_patch16_224", classes="5")
    return {name: np.asarray(array) for name, array in Initial(program, 1).items()}


@pytest.fixture
def refused(tmp_path):
    """`refused(file, *options)`: the diagnostics of an import that must fail; nothing may stand beside the file."""
    from vitc.cli.main import app

    def run(file, *options):
        before = sorted(os.listdir(tmp_path))
        out = tmp_path / "model.safetensors"
        result = CliRunner().invoke(app, ["weights", "import", str(file), *MODEL, "-o", str(out), *options])
        assert isinstance(result.exception, VitError), result.exception
        assert sorted(os.listdir(tmp_path)) == before
        assert result.exception.exit_status == 3
        return result.exception.diagnostics

    return run


def stored(tmp_path, tensors):
    save_file(tensors, tmp_path / "given.safetensors")
    return tmp_path / "given.safetensors"


def test_another_models_weights(right, refused, tmp_path):
    tensors = {name: array for name, array in right.items() if not name.startswith("blocks.1.")} | {
        "blocks.0.ls1.gamma": np.ones(32, np.float32)
    }
    missing, extra = refused(stored(tmp_path, tensors), "--layout", "timm")
    assert (missing.code, extra.code) == ("V0703", "V0704")
    assert "lacks 12 tensors" in missing.message
    assert "\n    blocks.1.norm1.weight" in missing.message
    assert "holds a tensor" in extra.message
    assert "\n    blocks.0.ls1.gamma" in extra.message


def test_another_width(right, refused, tmp_path):
    right["head.weight"] = np.zeros((7, 32), np.float32)
    (found,) = refused(stored(tmp_path, right), "--layout", "timm")
    assert found.code == "V0705"
    assert "head.weight [5, 32] (theirs: [7, 32])" in found.message


def test_another_type(right, refused, tmp_path):
    right["norm.bias"] = np.zeros(32, np.int32)
    (found,) = refused(stored(tmp_path, right), "--layout", "timm")
    assert found.code == "V0706"
    assert "norm.bias is I32" in found.message


def test_nothing_fits_auto(right, refused, tmp_path):
    del right["norm.bias"]
    found = refused(stored(tmp_path, right))
    assert [d.code for d in found] == ["V0703", "V0708"]
    assert "the nearest is timm" in found[1].message


def test_a_truncated_file(right, refused, tmp_path):
    path = stored(tmp_path, right)
    path.write_bytes(path.read_bytes()[:-100])
    assert refused(path, "--layout", "timm")[0].code == "V0702"


def test_a_header_that_lies(right, refused, tmp_path):
    path = stored(tmp_path, right)
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header["norm.bias"]["data_offsets"] = [0, 128]
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + length :])
    assert refused(path, "--layout", "timm")[0].code == "V0702"


def test_a_pickle_that_is_called_safetensors(refused, tmp_path):
    path = tmp_path / "given.safetensors"
    path.write_bytes(pickle.dumps({"a": 1}))
    (found,) = refused(path)
    assert found.code == "V0702"
    assert "pickle" in found.help


def test_an_npz_with_objects(refused, tmp_path):
    np.savez(tmp_path / "given.npz", cls=np.array([{"a": 1}], object))
    (found,) = refused(tmp_path / "given.npz", "--layout", "google")
    assert found.code == "V0702"
    assert "cls" in found.message


def test_an_npz_in_bfloat16(refused, tmp_path):
    """JAX writes that type as two bytes without a name."""
    np.savez(tmp_path / "given.npz", cls=np.zeros((1, 1, 32), "V2"))
    found = refused(tmp_path / "given.npz", "--layout", "google_augreg")
    assert [d.code for d in found] == ["V0706", "V0703"]
    assert "cls is |V2" in found[0].message


class Evil:
    """What a hostile pickle does."""

    def __reduce__(self):
        return os.system, ("touch evil",)


@pytest.mark.parametrize("name", ["given.pth", "given.bin", "given.pt"])
def test_a_pickle_is_read_on_request_alone(name, right, refused, tmp_path):
    import torch

    path = tmp_path / name
    torch.save({k: torch.from_numpy(v) for k, v in right.items()}, path)
    (found,) = refused(path)
    assert found.code == "V0712"
    assert "--trust" in found.help


def test_a_trusted_pickle_is_read(right, tmp_path):
    import torch
    from vitc.cli.main import app

    tensors = {k: torch.from_numpy(v) for k, v in right.items()}
    torch.save({"state_dict": tensors, "epoch": 3}, tmp_path / "given.pth")
    out = tmp_path / "model.safetensors"
    result = CliRunner().invoke(
        app, ["weights", "import", str(tmp_path / "given.pth"), *MODEL, "-o", str(out), "--trust", "--layout", "timm"]
    )
    assert result.exit_code == 0, result.exception
    assert all(np.array_equal(load_file(out)[name], array) for name, array in right.items())


def test_trust_runs_no_code(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given.pth").write_bytes(pickle.dumps({"a": Evil()}, protocol=2))
    (found,) = refused(tmp_path / "given.pth", "--trust")
    assert found.code == "V0712"
    assert not (tmp_path / "evil").exists()


def test_a_file_that_is_not_there(refused, tmp_path):
    assert refused(tmp_path / "given.safetensors")[0].code == "V0701"


def test_values_that_should_be_zero(small, imported, tmp_path):
    """A file with biases for a model without: they may only be left out where they are zero."""
    from vitc.runtime.weights.exported import export
    from vitc.runtime.weights.files import Stored, save
    from vitc.runtime.weights.matching import Model

    plain, biased = small("vit_small_patch16_dinov3"), small("vit_small_patch16_dinov3_qkvb")
    initial = Initial(biased, 0)
    tensors = {name: np.asarray(initial[name]) for name in initial}
    for value in (0.0, 1.0):
        tensors["blocks.1.attn.q_bias"][:] = value
        save(tmp_path / "ours.safetensors", tensors, biased.weights())
        model = Model(biased.weights(), biased.root.params)
        export(Stored(tmp_path / "ours.safetensors"), model, "hf_dinov3", tmp_path / "theirs.safetensors")
        if value == 0:
            assert (
                "layer.1.attention.q_proj.bias"
                in imported(tmp_path / "theirs.safetensors", plain, "hf").plan.must_be_zero
            )
            continue
        with pytest.raises(VitError) as problem:
            imported(tmp_path / "theirs.safetensors", plain, "hf")
        assert problem.value.diagnostics[0].code == "V0710"
        assert "layer.1.attention.q_proj.bias" in problem.value.diagnostics[0].message


def test_bfloat16_becomes_float32_exactly(right, small, imported, tmp_path):
    import torch
    from safetensors.torch import save_file as save_torch

    rounded = {k: torch.from_numpy(v).bfloat16() for k, v in right.items()}
    save_torch(rounded, tmp_path / "given.safetensors")
    found = imported(tmp_path / "given.safetensors", small("vit_base_patch16_224", classes="5"), "timm")
    assert all(np.array_equal(found[name], rounded[name].float().numpy()) for name in right)


@pytest.mark.parametrize("layout", ["hf_dinov2_registers", "openai", "google_augreg", "hf_vit"])
def test_their_names_with_odd_shapes(layout, refused, tmp_path):
    """Names that a layout knows, shapes that no change of axes fits."""
    from vitc.grammar.name_patterns import fill
    from vitc.runtime.weights.layouts import layouts

    one = layouts()[layout]
    names = {
        one.prefixes[0] + fill(t.removesuffix("[i]"), {"i": "0", "p": "bias"}) for r in one.tensors for t in r.theirs
    }
    for shape in ((3,), (1, 1), (2, 2, 2, 2, 2)):
        save_file({name: np.ones(shape, np.float32) for name in names}, tmp_path / "given.safetensors")
        assert refused(tmp_path / "given.safetensors", "--layout", layout)


def test_many_names_are_compared_in_time(refused, tmp_path):
    save_file({f"encoder.layer.{i}.x": np.ones(1, np.float32) for i in range(20_000)}, tmp_path / "given.safetensors")
    begin = time.monotonic()
    found = refused(tmp_path / "given.safetensors")
    assert time.monotonic() - begin < 8
    assert len(render(found)) < 20_000
