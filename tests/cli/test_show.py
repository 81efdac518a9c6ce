"""`vitc show` as a user runs it."""

import json
import subprocess
import sys
import time

import pytest


def vitc(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "vitc", *args], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_large_model_in_a_few_seconds(tmp_path):
    start = time.monotonic()
    done = vitc("show", "vit_base_patch16_224", cwd=tmp_path)
    assert time.monotonic() - start < 10
    assert done.returncode == 0, done.stderr
    facts = dict(line.strip().split("  ", 1) for line in done.stdout.splitlines()[1:])
    facts = {name: value.strip() for name, value in facts.items()}
    assert facts["parameters"] == "86,567,656"
    assert facts["tokens"] == "197"
    assert facts["receptive field"] == "224x224 px"
    assert facts["input image"] == "3 x 224 x 224"


def test_layers_and_flow_as_data_and_as_tables(tmp_path):
    data = json.loads(vitc("show", "digits", "--layers", "--flow", "--format", "json", cwd=tmp_path).stdout)
    rows = {row["path"]: row for row in data["layers"]}
    assert rows["patch_embed.proj"]["field"] == [2, 2]
    assert rows["blocks.0"]["field"] == [8, 8]
    assert rows["blocks.3.mlp.fc1"]["outputs"] == [[16, 256]]
    assert rows[""]["params"] == data["params"]
    assert [step["name"] for step in data["flow"]][:3] == ["image", "patch_embed", "x"]
    text = vitc("show", "digits", "--layers", "--flow", cwd=tmp_path).stdout
    assert any(line.split()[:2] == ["blocks.0.attn.qkv", "linear"] for line in text.splitlines())
    assert "blocks.0 … blocks.3" in text


def test_the_graph_after_a_step(tmp_path):
    before = vitc("show", "digits", "--after", "elaborate", cwd=tmp_path).stdout
    after = vitc("show", "digits", "--after", "local.dead", cwd=tmp_path).stdout
    assert "= softmax(" in before and "= attention(" not in before
    assert "= attention(" in after and "= softmax(" not in after
    flat = vitc("show", "digits", "--after", "flatten", cwd=tmp_path).stdout
    assert flat.startswith("graph(%image: sample float[1, 8, 8]) {") and "= call(" not in flat
    wrong = vitc("show", "digits", "--after", "fusion", cwd=tmp_path)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error[V1007]: there is no step `fusion`")
    assert "global.cse" in wrong.stderr


def test_what_can_be_set_as_data_and_as_a_table(tmp_path):
    (tmp_path / "m.vit").write_text(
        "vit 1\n## width: channels\nblock b(image: shape = 8x8x3, width = 4) {\n  fc = linear(width)\n"
        "  forward(image: [C, H, W]) { return fc(mean(image, axis = [-2, -1])) }\n}\nmodel m = b { fc.bias = false }\n"
    )
    rows = {
        row["path"]: row
        for row in json.loads(vitc("show", "m.vit", "--settings", "--format", "json", cwd=tmp_path).stdout)
    }
    assert rows["width"] == {"path": "width", "value": "4", "place": "m.vit:3", "about": "channels"}
    assert rows["fc.bias"]["value"] == "false"
    table = vitc("show", "m.vit", "--settings", "--set", "width=6", cwd=tmp_path).stdout.splitlines()
    assert table[0].split("  ")[0] == "path" and any(line.split()[:2] == ["width", "6"] for line in table)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("--settings --layers", 2),
        ("--settings --flow", 2),
        ("--settings --after flatten", 2),
        ("--after flatten --layers", 2),
        ("--after flatten --flow", 2),
        ("--layers --flow", 0),
    ],
)
def test_an_option_without_effect_is_refused(tmp_path, options, code):
    done = vitc("show", "digits", *options.split(), cwd=tmp_path)
    assert done.returncode == code and ("error[V1006]" in done.stderr) == (code == 2)
    assert all(word in done.stderr for word in options.split() if code and word.startswith("--"))
