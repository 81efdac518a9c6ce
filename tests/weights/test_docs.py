"""Every command of docs/weights.md gives what stands there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner
from vitc.cli.main import app
from vitc.diagnostics import VitError
from vitc.diagnostics.messages import render
from vitc.runtime.weights.layouts import HERE

TEXT = (HERE.parents[2] / "docs" / "weights.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", TEXT, re.S)

TIMM = {
    "architecture": "vit_small_patch16_224",
    "num_classes": 10,
    "model_args": {"img_size": 96},
    "pretrained_cfg": {
        "input_size": [3, 96, 96],
        "interpolation": "bicubic",
        "crop_pct": 0.9,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
    },
}
PICTURES = {"size": {"height": 64, "width": 64}, "resample": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}


@pytest.fixture
def folder(transformers, tmp_path, monkeypatch):
    """What the page says it is run in."""
    import torch

    config = transformers.ViTConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
                                    image_size=64, patch_size=16, num_labels=10)  # fmt: skip
    model = transformers.ViTForImageClassification(config)
    model.save_pretrained(tmp_path / "their-vit", save_original_format=True)
    (tmp_path / "their-vit" / "preprocessor_config.json").write_text(json.dumps(PICTURES))
    torch.save(model.state_dict(), tmp_path / "their.pth")
    tensors = load_file(tmp_path / "their-vit" / "model.safetensors")
    save_file({f"{part}.{k}": v for part in ("model", "ema") for k, v in tensors.items()}, tmp_path / "run.safetensors")
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm" / "config.json").write_text(json.dumps(TIMM))
    monkeypatch.chdir(tmp_path)
    return Path(tmp_path)


def ran(command):
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    if isinstance(result.exception, VitError):
        return render(result.exception.diagnostics)
    assert result.exit_code == 0, result.exception
    return result.output


def test_the_commands_of_the_page(folder):
    assert len(BLOCKS) == 11
    for block in BLOCKS:
        for part in re.split(r"^(?=\$ vitc )", block, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            assert ran(command.removeprefix("$ ")).strip() == expected.strip(), command
