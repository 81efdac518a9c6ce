"""Sources and places of `vitc import` that are wrong: a code, nothing written, nothing overwritten."""

import json
import os
import resource
import struct
import subprocess
import sys

import pytest
from vitc.application.import_ import import_spec
from vitc.diagnostics import VitError
from vitc.runtime.importing.sheet import Asked

CONFIG = {"model_type": "vit", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64,
          "image_size": 32, "patch_size": 8}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def refused(source, out, asked=None, force=False):
    with pytest.raises(VitError) as problem:
        import_spec(str(source), out and str(out), asked or Asked(), force=force)
    return problem.value.diagnostics[0]


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"model_type": "vit", "hidden_size": 1e400}', "[" * 100_000, '"vit"', "null",
                                  '{"model_type": "vit", "hidden_size": ' + "9" * 5000 + "}"])  # fmt: skip
def test_odd_json(text, tmp_path):
    (tmp_path / "config.json").write_text(text)
    assert refused(tmp_path, tmp_path / "mine.vit").code == "V0713"
    assert not (tmp_path / "mine.vit").exists()


def test_no_source(tmp_path):
    assert refused(tmp_path / "none", None).code == "V0701"
    assert refused(tmp_path, None).code == "V0701"
    (tmp_path / "config.json").mkdir()
    assert refused(tmp_path, None).code == "V0701"
    (tmp_path / "loop").symlink_to("loop")
    assert refused(tmp_path / "loop", None).code == "V0701"


def test_a_taken_place_stays_as_it_is(folder):
    (folder / "mine.vit").write_text("mine")
    assert refused(folder / "theirs", folder / "mine.vit").code == "V1008"
    assert (folder / "mine.vit").read_text() == "mine"
    (folder / "link.vit").symlink_to(folder / "nowhere")
    assert refused(folder / "theirs", folder / "link.vit").code == "V1008"
    assert refused(folder / "theirs", folder / "link.vit", force=True).code == "V1008"
    assert not (folder / "nowhere").exists()
    (folder / "folder.vit").mkdir()
    assert refused(folder / "theirs", folder / "folder.vit", force=True).code == "V1008"
    assert refused(folder / "theirs", folder / "no" / "mine.vit").code == "V1008"
    assert sorted(p.name for p in folder.iterdir()) == ["folder.vit", "link.vit", "mine.vit", "theirs"]


def test_a_full_disk_leaves_what_was_there(folder):
    (folder / "mine.vit").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "vitc", "import", "theirs", "-o", "mine.vit", "--force"],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )  # fmt: skip
    assert (done.returncode, done.stderr[:12]) == (3, "error[V0801]")
    assert (folder / "mine.vit").read_text() == "mine"
    assert sorted(p.name for p in folder.iterdir()) == ["mine.vit", "theirs"]


@pytest.mark.parametrize("name", ["vit", "a b", "a = vit\nmodel b", "if", "", "a\u202eb", "\ud800"])
def test_a_name_that_no_model_can_have(name, folder):
    assert refused(folder / "theirs", folder / "mine.vit", Asked(name=name)).code == "V1004"
    assert not (folder / "mine.vit").exists()


def test_a_folder_with_a_foreign_name_is_a_path_of_the_sheet(folder, transformers):
    import vitc
    from vitc.application import weights as application
    from vitc.runtime.weights.initial import Initial

    transformers.ViTModel(
        transformers.ViTConfig(**{k: v for k, v in CONFIG.items() if k != "model_type"})
    ).save_pretrained(folder / 'modèle "ß"', save_original_format=True)
    import_spec(str(folder / 'modèle "ß"'), str(folder / "mine.vit"))
    program = vitc.check(folder / "mine.vit")
    assert application.imported(program, folder / "mine.vit", Initial(program, 0)) is not None


@pytest.mark.parametrize("option", [{"heads": 3}, {"eps": 1e-6}, {"act": "gelu"}, {"pool": "mean"}])
def test_what_a_configuration_says_is_not_taken_from_options(option, folder):
    found = refused(folder / "theirs", None, Asked(**option))
    assert (found.code, f"--{next(iter(option))}" in found.message) == ("V1004", True)


def bare(path, count):
    """A file of tensors of one number."""
    header = {f"x{i}.y": {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i in range(count)}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(4 * count))
    return path


def test_many_names_are_refused_at_once(tmp_path, monkeypatch):
    """Work grows with the number of names, not with its square; more than a ViT has are not looked at."""
    from vitc.grammar import name_patterns

    calls: list[int] = []
    matched = name_patterns.match
    for module in ("importing.bare_weights", "weights.matching"):
        monkeypatch.setattr(f"vitc.runtime.{module}.match", lambda *a: calls.append(1) or matched(*a))
    counts = []
    for size in (2_000, 20_000):
        calls.clear()
        assert refused(bare(tmp_path / "m.safetensors", size), None).code == "V0713"
        counts.append(len(calls))
    assert counts[1] <= 10 * counts[0]
    calls.clear()
    assert "holds 100,000 tensors" in refused(bare(tmp_path / "m.safetensors", 100_000), None).message
    assert not calls


def test_a_sheet_is_the_same_every_time(folder):
    assert import_spec(folder / "theirs") == import_spec(folder / "theirs")
