"""A folder that open_clip writes becomes a spec with the numbers of its image side."""

import json
import warnings

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.application import weights as application
from vitc.application.import_ import import_spec
from vitc.diagnostics import VitError
from vitc.runtime.weights.initial import Initial

TEXT = {"context_length": 8, "vocab_size": 40, "width": 16, "heads": 2, "layers": 1}
SMALL = {"layers": 2, "width": 32, "head_width": 8, "patch_size": 8, "image_size": 32}

#: `model_cfg` without its text side.
CASES = {
    "plain": {"vision_cfg": SMALL},
    "quick": {"quick_gelu": True, "vision_cfg": {**SMALL, "mlp_ratio": 3.5, "norm_kwargs": {"eps": 1e-6}}},
    "custom_text": {"custom_text": True, "init_logit_bias": -10, "vision_cfg": {**SMALL, "image_size": [32, 48]}},
    "mean": {"vision_cfg": {**SMALL, "pool_type": "avg"}},
    "mean_then_norm": {"vision_cfg": {**SMALL, "pool_type": "avg", "final_ln_after_pool": True, "ls_init_value": 0.1}},
    "no_ln_pre": {"vision_cfg": {**SMALL, "no_ln_pre": True, "pos_embed_type": "sin_cos_2d"}},
    "timm": {"custom_text": True, "vision_cfg": {"timm_model_name": "test_vit", "image_size": 160, "timm_pool": "token", "timm_proj": ""}},
    "timm_none": {"custom_text": True, "vision_cfg": {"timm_model_name": "test_vit3", "image_size": 160, "timm_pool": "map",
                                                      "timm_proj": "none"}},
    "timm_linear": {"vision_cfg": {"timm_model_name": "test_vit2", "image_size": 160, "timm_pool": "", "timm_proj": "linear"}},
    "timm_mean": {"vision_cfg": {"timm_model_name": "test_vit", "image_size": 160, "timm_pool": "avg", "timm_proj_bias": True}},
}  # fmt: skip


@pytest.fixture(scope="module")
def open_clip(timm):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import open_clip
    return open_clip


@pytest.fixture
def saved(open_clip, filled, tmp_path):
    """`saved(model_cfg)`: a model with weights drawn anew, in the folder `theirs` as open_clip publishes it."""

    def made(config, **preprocess):
        from open_clip.model import CLIP, CustomTextCLIP
        from open_clip.push_to_hf_hub import save_config_for_hf
        from open_clip.transform import PreprocessCfg
        from safetensors.torch import save_file

        config = {"embed_dim": 24, "text_cfg": TEXT, **config}
        kind = CustomTextCLIP if config.get("custom_text") else CLIP
        options = {k: v for k, v in config.items() if k != "custom_text"}
        model = filled(kind(**options))
        open_clip.model.set_model_preprocess_cfg(model, {**vars(PreprocessCfg()), **preprocess})
        (tmp_path / "theirs").mkdir()
        save_config_for_hf(model, tmp_path / "theirs" / "open_clip_config.json", config)
        save_file(model.state_dict(), tmp_path / "theirs" / "open_clip_model.safetensors")
        return model

    return made


@pytest.mark.parametrize("case", CASES)
def test_a_folder_becomes_a_spec_with_the_same_numbers(case, saved, run, close, tmp_path):
    import torch

    model = saved(CASES[case])
    import_spec(str(tmp_path / "theirs"), str(tmp_path / "mine.vit"))
    program = vitc.check(tmp_path / "mine.vit")
    size = program.root.params["image"][:2]
    images = np.random.default_rng(0).standard_normal((2, 3, *size)).astype(np.float32)
    with torch.no_grad():
        expected = model.encode_image(torch.from_numpy(images))
    close(run(program, application.imported(program, tmp_path / "mine.vit", Initial(program, 0)), images), expected)


@pytest.mark.parametrize(
    "options", [{}, {"resize_mode": "squash", "interpolation": "bilinear", "mean": (0.5, 0.4, 0.3)}]
)
def test_pictures_are_prepared_as_open_clip_does(options, open_clip, saved, tmp_path):
    from vitc.runtime.sections.data import Data
    from vitc.runtime.sections.input import preprocess

    model = saved(CASES["plain"], **options)
    import_spec(str(tmp_path / "theirs"), str(tmp_path / "mine.vit"))
    program = vitc.check(tmp_path / "mine.vit")
    pixels = preprocess(program, Data.of(program))
    cfg = open_clip.transform.PreprocessCfg(**{**model.visual.preprocess_cfg, "size": 32})
    transform = open_clip.transform.image_transform_v2(cfg, is_train=False)
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8))
    assert np.abs(pixels.normalised(pixels.pixels(image)) - transform(image).numpy()).max() < 1e-5


def test_the_defaults_are_those_of_open_clip(open_clip):
    from dataclasses import asdict

    from vitc.runtime.importing.open_clip import Vision

    theirs = asdict(open_clip.CLIPVisionCfg())
    ours = Vision().model_dump()
    assert ours == theirs


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ({"vision_cfg": {**SMALL, "layers": [3, 4, 6, 3]}}, "model_cfg.vision_cfg.layers = [3, 4, 6, 3]"),
        ({"vision_cfg": {**SMALL, "attentional_pool": True}}, "model_cfg.vision_cfg.attentional_pool = true"),
        ({"vision_cfg": {**SMALL, "scale_fc": True}}, "model_cfg.vision_cfg.scale_fc = true"),
        ({"vision_cfg": {**SMALL, "new_option": 1}}, "model_cfg.vision_cfg.new_option = 1"),
        ({"vision_cfg": {**SMALL, "head_width": 7}}, "model_cfg.vision_cfg.head_width = 7"),
        ({"vision_cfg": {**SMALL, "image_size": 33}}, "model_cfg.vision_cfg.image_size = 33"),
        ({"vision_cfg": {**SMALL, "norm_kwargs": {"bias": 0}}}, "model_cfg.vision_cfg.norm_kwargs"),
        ({"vision_cfg": {"timm_model_name": "convnext_base"}}, 'model_cfg.vision_cfg.timm_model_name = "convnext_base"'),
        ({"vision_cfg": {"timm_model_name": "test_vit", "image_size": 96, "timm_proj": ""}}, "model_cfg.vision_cfg.image_size = 96"),
        ({"vision_cfg": {"timm_model_name": "test_vit", "image_size": 160, "timm_pool": "rot_attn"}},
         'model_cfg.vision_cfg.timm_pool = "rot_attn"'),
        ({"vision_cfg": {"timm_model_name": "test_vit", "timm_proj": "mlp"}}, 'model_cfg.vision_cfg.timm_proj = "mlp"'),
        ({"vision_cfg": 3}, "model_cfg.vision_cfg = 3"),
        ({"vision_cfg": SMALL, "embed_dim": None}, "model_cfg.embed_dim = null"),
        ({"vision_cfg": SMALL, "quick_gelu": "yes"}, 'model_cfg.quick_gelu = "yes"'),
        (None, "model_cfg = null"),
    ],
)  # fmt: skip
def test_what_no_sheet_can_say_is_refused(model, text, tmp_path):
    model = model and {"embed_dim": 8, **model}
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": model}))
    with pytest.raises(VitError) as problem:
        import_spec(str(tmp_path), str(tmp_path / "mine.vit"))
    assert problem.value.diagnostics[0].code == "V0713"
    assert text in problem.value.diagnostics[0].message
    assert not (tmp_path / "mine.vit").exists()
