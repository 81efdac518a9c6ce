"""Layouts as data: what their files may hold, changes of axes that lose nothing, names that tell which layout it is."""

import json
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.numpy import load_file
from typer.testing import CliRunner
from vitc.diagnostics import VitError
from vitc.grammar.name_patterns import fill, match, spread
from vitc.runtime.weights.exported import export
from vitc.runtime.weights.files import Stored, save
from vitc.runtime.weights.initial import Initial
from vitc.runtime.weights.layouts import HERE, Layout, layouts
from vitc.runtime.weights.layouts.axes import axes
from vitc.runtime.weights.matching import Model


def test_every_layout_is_sound_and_says_what_it_is_for():
    assert len(layouts()) == len(list(HERE.glob("*.toml"))) > 10
    for name, layout in layouts().items():
        assert layout.name == name
        assert layout.about


@pytest.mark.parametrize(
    "wrong",
    [
        {"tensors": {"blocks.{i}.x": "y.{i}", "a": "b.{i}"}},
        {"tensors": {"a.{p}": "b"}},
        {"tensors": {"a": {"theirs": "b", "axes": "x y -> x"}}},
        {"tensors": {"a": {"theirs": "b", "axes": "x x -> x x"}}},
        {"tensors": {"a": {"theirs": "b", "fold": True}}},
        {"tensors": {"a": {"theirs": "b", "scale": 2.0}}},
        {"tensors": {}, "code": "print()"},
    ],
)
def test_a_layout_with_a_mistake_is_refused(wrong):
    with pytest.raises(ValidationError):
        Layout.model_validate({"name": "x", "about": "x", "family": "x", **wrong})


CHANGES = {
    "d e -> e d": (3, 5),
    "h w c d -> d c h w": (2, 3, 4, 5),
    "d heads c -> (heads c) d": (6, 4, 5),
    "heads c -> (heads c)": (4, 5),
    "heads c d -> d (heads c)": (4, 5, 6),
    "d -> 1 1 d": (7,),
    "n d -> 1 n d": (3, 7),
    "d (h w c) -> d c h w": (5, 24),
}


@pytest.mark.parametrize("text", CHANGES)
@given(st.integers(0, 2**32 - 1))
def test_a_change_of_axes_and_back_keeps_every_bit(text, seed):
    change, shape = axes(text), CHANGES[text]
    array = np.random.default_rng(seed).integers(0, 2**32, shape, np.uint32).view(np.float32)
    known = {"heads": 4, "h": 2, "w": 3}
    known = {k: v for k, v in known.items() if k == "heads" or "(h w c)" in text}
    ours = change.from_theirs(array, known)
    assert ours.shape == change.our_shape(shape, known)
    back = change.to_theirs(ours, known)
    assert back.shape == shape == change.their_shape(ours.shape, known)
    assert back.tobytes() == array.tobytes()


def test_changes_of_axes_are_those_of_numpy():
    x = np.arange(120.0).reshape(6, 4, 5)
    assert np.array_equal(axes("d heads c -> (heads c) d").from_theirs(x, {"heads": 4}), x.reshape(6, 20).T)
    with pytest.raises(ValueError, match="an axis of 4 is not heads"):
        axes("d heads c -> (heads c) d").from_theirs(x, {"heads": 5})


def test_patterns_of_names():
    assert match("blocks.{i}.x.{p}", "blocks.12.x.bias") == {"i": "12", "p": "bias"}
    assert match("blocks.{i}.x", "blocks.012.x") is None
    assert match("a.b", "axb") is None
    assert fill("l.{i}.{p}", {"i": "3", "p": "weight"}) == "l.3.weight"
    assert spread("a.{q,k}.{p}") == ("a.q.{p}", "a.k.{p}")


#: Sheets whose weights some layout has a name for, and what their names alone make of the file.
SHEETS = {
    ("vit_base_patch16_224", "hf"): "hf_vit",
    ("vit_base_patch16_224", "torchvision"): "torchvision",
    ("vit_base_patch16_224", "google_augreg"): "google_augreg",
    ("vit_base_patch16_224", "google_big_vision_scan"): "google_big_vision_scan",
    ("vit_base_patch14_dinov2", "hf"): "hf_dinov2",
    ("vit_base_patch14_reg4_dinov2", "hf"): "hf_dinov2_registers",
    ("vit_small_patch16_dinov3_qkvb", "hf"): "hf_dinov3",
    ("vit_base_patch16_siglip_224", "hf"): "hf_siglip",
    ("vit_base_patch16_siglip_224", "open_clip"): "open_clip_timm",
    ("vit_base_patch16_siglip_224", "timm"): "timm",
}


@pytest.mark.parametrize(("name", "layout"), SHEETS)
def test_auto_knows_a_file_by_its_names(name, layout, small, imported, tmp_path):
    program = small(name)
    tensors = {n: np.asarray(a) for n, a in Initial(program, 0).items()}
    save(tmp_path / "ours.safetensors", tensors, program.weights())
    out = tmp_path / ("theirs.npz" if "google" in layout else "theirs.safetensors")
    written = export(Stored(tmp_path / "ours.safetensors"), Model(program.weights(), program.root.params), layout, out)
    assert written.name == SHEETS[name, layout]
    found = imported(out, program, "auto")
    assert found.plan.layout.name == SHEETS[name, layout]
    assert all(found[n].tobytes() == array.tobytes() for n, array in tensors.items())


def refused(program, layout, tmp_path):
    save(tmp_path / "ours.safetensors", Initial(program, 0), program.weights())
    with pytest.raises(VitError) as problem:
        model = Model(program.weights(), program.root.params)
        export(Stored(tmp_path / "ours.safetensors"), model, layout, tmp_path / "theirs.safetensors")
    assert not (tmp_path / "theirs.safetensors").exists()
    return problem.value.diagnostics[0]


def test_a_model_that_a_layout_has_no_names_for(small, tmp_path):
    found = refused(small("eva02_tiny_patch14_224"), "torchvision", tmp_path)
    assert found.code == "V0711"
    assert "`blocks.{i}.attn.q_bias, i = 0, 1`" in found.message
    assert refused(small("vit_base_patch16_224"), "hf_clip", tmp_path).code == "V0711"
    assert refused(small("vit_base_patch16_224"), "keras", tmp_path).code == "V0708"
    assert refused(small("vit_base_patch16_clip_224", classes="5"), "openai", tmp_path).code == "V0710"


def test_two_layouts_that_would_do_are_a_question(small, tmp_path):
    program = small("vit_base_patch16_224")
    found = refused(program, "google", tmp_path)
    assert found.code == "V0708"
    assert "google_augreg, google_big_vision, google_big_vision_scan" in found.message


def test_heads_that_disagree_with_the_file_are_seen(small, imported, tmp_path):
    """A JAX file says how many heads there are; with others the same numbers would be another model."""
    program = small("vit_base_patch16_224")
    save(tmp_path / "ours.safetensors", Initial(program, 0), program.weights())
    model = Model(program.weights(), program.root.params)
    export(Stored(tmp_path / "ours.safetensors"), model, "google_augreg", tmp_path / "theirs.npz")
    with pytest.raises(VitError) as problem:
        imported(tmp_path / "theirs.npz", small("vit_base_patch16_224", heads="2"), "google_augreg")
    assert problem.value.diagnostics[0].code == "V0705"
    assert "an axis of 4 is not heads" in problem.value.diagnostics[0].message


OPTIONS = ["--model", "vit_base_patch16_224", "--set", "image=32x32x3", "--set", "patch=8", "--set", "dim=32",
           "--set", "depth=2", "--set", "heads=4", "--set", "classes=5"]  # fmt: skip


def test_the_commands(small, tmp_path):
    from vitc.cli.main import app

    program = small("vit_base_patch16_224", classes="5")
    save(tmp_path / "ours.safetensors", Initial(program, 0), program.weights())
    names = [str(tmp_path / f"{name}.safetensors") for name in ("ours", "theirs", "again")]
    given = CliRunner().invoke(app, ["weights", "export", names[0], "--layout", "hf", *OPTIONS, "-o", names[1]])
    assert given.exit_code == 0, given.exception
    assert "layout hf_vit" in given.output
    brought = CliRunner().invoke(app, ["weights", "import", names[1], *OPTIONS, "-o", names[2], "--format", "json"])
    assert brought.exit_code == 0, brought.exception
    assert json.loads(brought.output)["layout"] == "hf_vit"
    before, after = load_file(names[0]), load_file(names[2])
    assert before.keys() == after.keys()
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    same = CliRunner().invoke(app, ["weights", "import", names[1], *OPTIONS, "-o", names[1]])
    assert isinstance(same.exception, VitError)
    assert same.exception.diagnostics[0].code == "V1008"
    listed = json.loads(CliRunner().invoke(app, ["weights", "layouts", "--format", "json"]).output)
    assert listed.keys() == layouts().keys()


def test_no_command_opens_a_socket(small, tmp_path):
    program = small("vit_base_patch16_224", classes="5")
    save(tmp_path / "ours.safetensors", Initial(program, 0), program.weights())
    child = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('a socket')\n"
        "socket.socket = socket.create_connection = refuse\n"
        "from vitc.cli.main import main\nmain()"
    )
    command = [
        "weights",
        "import",
        str(tmp_path / "ours.safetensors"),
        *OPTIONS,
        "-o",
        str(tmp_path / "new.safetensors"),
    ]
    done = subprocess.run([sys.executable, "-c", child, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_layouts_are_shipped():
    project = tomllib.loads((HERE.parents[2] / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert {"vitc.runtime.weights.layouts", "vitc.runtime.importing"} <= set(project["packages"])
    assert project["package-data"]["vitc.runtime.weights.layouts"] == ["*.toml"]
