"""A configuration that timm writes becomes a sheet with timm's tensors and timm's way to prepare pictures."""

import json
import warnings
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.application.import_ import import_spec
from vitc.compiler.elaborate.bundled import SPECS
from vitc.diagnostics import VitError
from vitc.runtime.importing.sheet import Asked

#: Checkpoints whose pictures are prepared in different ways, with what differs from the architecture's own.
CASES = {
    "vit_tiny_patch16_224.augreg_in21k_ft_in1k": {"num_classes": 10, "depth": 2},
    "vit_base_patch16_224.mae": {"depth": 1},
    "vit_base_patch16_224.dino": {"depth": 1, "img_size": 160},
    "vit_base_patch16_clip_224.openai": {"depth": 1, "num_classes": 0},
    "vit_base_patch16_siglip_224.webli": {"depth": 1, "embed_dim": 96, "num_heads": 3},
    "deit3_small_patch16_224.fb_in22k_ft_in1k": {"depth": 2, "init_values": 1e-5, "drop_path_rate": 0.1},
    "vit_small_patch14_reg4_dinov2.lvd142m": {"depth": 2, "img_size": (98, 140)},
    "eva02_tiny_patch14_224.mim_in22k": {"depth": 2, "num_classes": 7},
    "vit_small_patch16_dinov3.lvd1689m": {"depth": 2, "global_pool": "token"},
    "vit_base_patch16_gap_224": {"depth": 1, "mlp_ratio": 3.0, "qkv_bias": False},
    "deit_tiny_distilled_patch16_224.fb_in1k": {"depth": 1, "num_classes": 4},
    "deit_small_distilled_patch16_224.fb_in1k": {"depth": 1, "num_classes": 0},
    "vit_small_patch16_224.dino": {"depth": 1, "patch_size": (8, 16), "img_size": (32, 48)},
    "samvit_base_patch16_224": {"num_classes": 4},
    "vit_so150m_patch16_reg4_gap_256": {"depth": 1, "embed_dim": 64, "num_heads": 4},
    "vit_so400m_patch14_siglip_224.webli": {"depth": 1, "embed_dim": 96, "num_heads": 4},
    "qwen3_vit_88m_enc": {"depth": 1},
}


#: The models of the zoo.
NAMES = [line.split()[1] for path in sorted((SPECS / "zoo").glob("*.vit")) if path.stem != "notes"
         for line in path.read_text().splitlines() if line.startswith("model ")]  # fmt: skip


@pytest.fixture
def given(timm, tmp_path):
    """`given(name)`: timm's model, and the configuration it writes of it."""

    def made(name):
        import torch
        from timm.models._hub import save_config_for_hf

        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = timm.create_model(name, pretrained=False, **CASES[name])
        save_config_for_hf(model, str(tmp_path / "config.json"))
        return model, tmp_path / "config.json"

    return made


@pytest.mark.parametrize("name", CASES)
def test_the_tensors_and_the_pictures_are_those_of_timm(name, timm, given, tmp_path):
    from timm.data.transforms_factory import create_transform
    from vitc.runtime.sections.input import Input, preprocess

    model, path = given(name)
    import_spec(str(path), str(tmp_path / "mine.vit"))
    program = vitc.check(tmp_path / "mine.vit")
    assert {n: s.shape for n, s in program.weights().items()} == {
        n: tuple(t.shape) for n, t in model.state_dict().items()
    }
    config = json.loads(path.read_text())["pretrained_cfg"]
    transform: Any = create_transform(**timm.data.resolve_data_config({}, pretrained_cfg=config))
    pixels = preprocess(program, Input())
    assert pixels.assumed == ()
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 220, 3), np.uint8))
    assert np.abs(pixels.normalised(pixels.pixels(image)) - transform(image).numpy()).max() < 1e-5


def test_only_what_differs_is_written(given):
    _, path = given("vit_tiny_patch16_224.augreg_in21k_ft_in1k")
    text = import_spec(path, None, Asked(name="mine")).text
    assert "model mine = vit_tiny_patch16_224 { depth = 2, classes = 10 }" in text
    assert "input" not in text and "data" not in text


def _tags(timm):
    """A tag for each way in which a tag differs from the default tag of its architecture, with its configuration."""

    keys = ("mean", "std", "interpolation", "crop_pct", "crop_mode")
    found = {}
    for name in sorted(NAMES):
        for tag in timm.list_pretrained(f"{name}.*"):
            config, default = (
                timm.models.get_pretrained_cfg(tag).to_dict(),
                timm.models.get_pretrained_cfg(name).to_dict(),
            )
            if tag.partition(".")[0] == name and any(config[key] != default[key] for key in keys):
                found.setdefault(tuple((config[key], default[key]) for key in keys), (tag, config))
    return list(found.values())


def test_a_tag_that_differs_from_the_default_has_its_own_preparation(timm, tmp_path):
    tags = _tags(timm)
    assert len(tags) > 15
    for tag, config in tags:
        _holds(timm, tag, config, tmp_path)


@pytest.mark.slow
def test_every_tag_has_its_own_preparation(timm, tmp_path):

    tags = [tag for name in sorted(NAMES) for tag in timm.list_pretrained(f"{name}.*")]
    assert len(tags) > 500
    for tag in tags:
        _holds(timm, tag, timm.models.get_pretrained_cfg(tag).to_dict(), tmp_path)


def _holds(timm, tag, config, folder):
    """What `vitc import` writes of a tag prepares pictures as timm evaluates it."""
    from vitc.compiler.elaborate import elaborate
    from vitc.compiler.elaborate.library import loads
    from vitc.runtime.importing import imported
    from vitc.runtime.sections.input import Input, preprocess

    path = folder / "config.json"
    path.write_text(json.dumps({"architecture": tag.partition(".")[0], "pretrained_cfg": config}))
    made = preprocess(elaborate(loads(imported(path, Asked(), folder).text()), "imported"), Input())
    wanted = timm.data.resolve_data_config(pretrained_cfg=config)
    sides = [floor(side / wanted["crop_pct"]) for side in wanted["input_size"][1:]]
    assert (made.channels, made.height, made.width) == tuple(wanted["input_size"]), tag
    assert (list(made.resize) if isinstance(made.resize, tuple) else [made.resize] * 2) == sides, tag
    assert (made.mean, made.std) == (tuple(wanted["mean"]), tuple(wanted["std"])), tag
    assert (made.interpolation, made.crop_mode) == (wanted["interpolation"], wanted["crop_mode"]), tag
    assert made.assumed == ()


@pytest.mark.parametrize("lacking", ["mean", "std", "interpolation", "crop_pct", "crop_mode", ""])
def test_what_a_configuration_lacks_is_what_timm_takes_then(lacking, timm, tmp_path):

    config = timm.models.get_pretrained_cfg("vit_base_patch16_clip_384").to_dict()
    given = {
        key: value
        for key, value in config.items()
        if key in ("input_size", "num_classes") or (lacking and key != lacking)
    }
    _holds(timm, "vit_base_patch16_clip_384", given, tmp_path)


def test_an_older_file_is_itself_the_configuration_of_the_weights(tmp_path):
    from vitc.runtime.importing import imported

    config = {"architecture": "vit_base_patch16_224", "mean": [0.0] * 3, "std": [1.0] * 3, "interpolation": "bilinear",
              "crop_pct": 0.9, "crop_mode": "center", "input_size": [3, 224, 224], "num_classes": 1000}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    text = imported(tmp_path, Asked(), tmp_path).text()
    assert "model imported = vit_base_patch16_224 { input { mean = 0.0, std = 1.0, interpolation = bilinear } }" in text


@pytest.mark.parametrize(
    ("key", "value"),
    [("mean", [123.675, 116.28, 103.53]), ("std", [0.5, 0.5, -0.5]), ("mean", []), ("mean", [0.1, 0.2]), ("crop_pct", 1.5),
     ("crop_pct", 0), ("crop_mode", "pad"), ("interpolation", "random")],
)  # fmt: skip
def test_a_preparation_that_no_sheet_can_say_is_refused(key, value, tmp_path):
    config = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center"}
    (tmp_path / "config.json").write_text(
        json.dumps({"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {**config, key: value}})
    )
    with pytest.raises(VitError) as problem:
        import_spec(str(tmp_path), str(tmp_path / "mine.vit"))
    assert problem.value.diagnostics[0].code == "V0713" and key in problem.value.diagnostics[0].message


@pytest.mark.parametrize(
    "args",
    [
        {"block_fn": "x"},
        {"depth": "12"},
        {"depth": True},
        {"img_size": "big"},
        {"global_pool": "prr"},
        {"depth": 10**9},
        {"img_size": True},
        {"in_chans": "3"},
        {"mlp_ratio": float("nan")},
    ],
)
def test_arguments_without_a_rule_are_refused(args, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "vit_tiny_patch16_224", "model_args": args}))
    with pytest.raises(VitError) as problem:
        import_spec(str(tmp_path), str(tmp_path / "mine.vit"))
    assert problem.value.diagnostics[0].code == "V0713"
    assert next(iter(args)) in problem.value.diagnostics[0].message
    assert not Path(tmp_path / "mine.vit").exists()


@pytest.mark.parametrize("where", ["", "pretrained_cfg"])
def test_label_names_are_the_names_of_the_classes(where, tmp_path):
    names = {
        "label_names": ["n01", "n02", "n03"],
        "label_descriptions": {"n01": "tench, Tinca", "n03": "shark", "n9": "ray"},
    }
    config = {"architecture": "test_vit", "num_classes": 3}
    (tmp_path / "config.json").write_text(json.dumps({**config, **({where: names} if where else names)}))
    import_spec(str(tmp_path), str(tmp_path / "mine.vit"))
    text = (tmp_path / "mine.vit").read_text()
    assert 'data { classes = ["n01", "n02", "n03"], labels { "n01" = "tench, Tinca", "n03" = "shark" } }' in text
    manifest = vitc.compile(tmp_path / "mine.vit", out=tmp_path / "out", to=("onnx",), verify=False)
    assert manifest["classes"] == ["tench, Tinca", "n02", "shark"]


def test_a_width_whose_mlp_is_not_told_is_refused(tmp_path):
    """timm's ratio is known from 4,304 of 1,152 channels up to what rounding took away."""
    args = {"embed_dim": 11520, "num_heads": 4}
    (tmp_path / "config.json").write_text(
        json.dumps({"architecture": "vit_so400m_patch14_siglip_224", "model_args": args})
    )
    with pytest.raises(VitError) as problem:
        import_spec(str(tmp_path), None)
    found = problem.value.diagnostics[0]
    assert "model_args.embed_dim = 11520: the MLP then has 43040 to 43049 channels" in found.message
    assert found.help == "say model_args.mlp_ratio"
