"""A folder that transformers wrote becomes a spec with its weights, and the spec has transformers' numbers."""

import json

import pytest
from vitc.cli import api
from vitc.cli.import_ import run as command
from vitc.grammar.diagnostics import VitError
from vitc.runtime.importing.sheet import Asked
from vitc.runtime.weights.initial import Initial

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 32,
         "patch_size": 8}  # fmt: skip


def tokens(output):
    return output.last_hidden_state[:, 0]


CASES = {
    "vit": ("ViTForImageClassification", {"num_labels": 5}, lambda o: o.logits),
    "vit_tanh": ("ViTForImageClassification", {"num_labels": 5, "hidden_act": "gelu_pytorch_tanh", "qkv_bias": False},
                 lambda o: o.logits),
    "vit_model": ("ViTModel", {}, tokens),
    "deit": ("DeiTForImageClassificationWithTeacher", {"num_labels": 3}, lambda o: o.logits),
    "beit": ("BeitForImageClassification", {"num_labels": 5, "use_relative_position_bias": True}, lambda o: o.logits),
    "dinov2": ("Dinov2Model", {"mlp_ratio": 3}, tokens),
    "dinov2_giant": ("Dinov2Model", {"use_swiglu_ffn": True}, tokens),
    "dinov2_registers": ("Dinov2WithRegistersModel", {"num_register_tokens": 3}, tokens),
    "dinov3": ("DINOv3ViTModel", {"num_register_tokens": 4, "rope_theta": 50.0}, lambda o: o.pooler_output),
    "dinov3_gated": ("DINOv3ViTModel", {"use_gated_mlp": True, "hidden_act": "silu", "query_bias": False, "value_bias": False,
                     "num_register_tokens": 1},
                     lambda o: o.pooler_output),
    "clip": ("CLIPVisionModelWithProjection", {"projection_dim": 16}, lambda o: o.image_embeds),
    "clip_model": ("CLIPVisionModel", {"hidden_act": "gelu"}, lambda o: o.pooler_output),
    "siglip": ("SiglipVisionModel", {}, lambda o: o.pooler_output),
    "siglip_without_head": ("SiglipVisionModel", {"vision_use_head": False}, lambda o: o.last_hidden_state),
    "ijepa": ("IJepaModel", {}, lambda o: o.last_hidden_state.mean(1)),
    "mae": ("ViTMAEModel", {"mask_ratio": 0.0}, tokens),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_folder_becomes_a_spec_with_the_same_numbers(case, transformers, filled, run, images, close, tmp_path):
    import torch

    name, options, of = CASES[case]
    kind = getattr(transformers, name)
    model = filled(kind(kind.config_class(**{**SMALL, **options})))
    model.save_pretrained(tmp_path / "theirs", save_original_format=True)
    command(str(tmp_path / "theirs"), str(tmp_path / "mine.vit"), Asked(), False, "text")
    program = api.check(tmp_path / "mine.vit")
    weights = api.imported(program, tmp_path / "mine.vit", Initial(program, 0))
    with torch.no_grad():
        expected = of(model(torch.from_numpy(images)))
    close(run(program, weights, images), expected)


PROCESSORS = {
    "vit": ({"size": {"height": 32, "width": 32}, "resample": 2, "image_mean": [0.5] * 3, "image_std": [0.5] * 3},
            {"resize": 32, "crop_mode": "squash", "interpolation": "bilinear", "mean": (0.5,) * 3}),
    "dinov2": ({"size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}, "do_center_crop": True,
                "resample": 3, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.5] * 3},
               {"resize": 40, "crop_mode": "center", "interpolation": "bicubic", "mean": (0.1, 0.2, 0.3)}),
    "deit": ({"size": {"height": 40, "width": 40}, "crop_size": {"height": 32, "width": 32}, "do_center_crop": True,
              "resample": 3, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]},
             {"resize": 40, "crop_mode": "squash", "interpolation": "bicubic", "std": (0.229, 0.224, 0.225)}),
    "old": ({"size": 32, "resample": 3, "do_normalize": False},
            {"resize": 32, "crop_mode": "squash", "interpolation": "bicubic", "mean": (0.0,)}),
}  # fmt: skip


@pytest.mark.parametrize("case", PROCESSORS)
def test_the_processor_becomes_the_section_data(case, tmp_path):
    from vitc.runtime.sections import section
    from vitc.runtime.sections.data import Data, preprocess

    config = {"model_type": "vit", **SMALL}
    (tmp_path / "config.json").write_text(json.dumps(config))
    given, wanted = PROCESSORS[case]
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(given))
    command(str(tmp_path / "config.json"), str(tmp_path / "mine.vit"), Asked(), False, "text")
    program = api.check(tmp_path / "mine.vit")
    pixels = preprocess(program, section(program, "data", Data))
    assert {name: getattr(pixels, name) for name in wanted} == wanted


def test_the_names_in_a_configuration_are_the_defaults_of_transformers(transformers):
    """Where a file says nothing, its class does: ours must be the same."""
    from vitc.runtime.importing.huggingface import FAMILIES, Config

    kinds = {"vit": "ViT", "vit_mae": "ViTMAE", "deit": "DeiT", "ijepa": "IJepa", "dinov2": "Dinov2", "beit": "Beit",
             "dinov2_with_registers": "Dinov2WithRegisters", "dinov3_vit": "DINOv3ViT", "clip_vision_model": "CLIPVision",
             "siglip_vision_model": "SiglipVision"}  # fmt: skip
    assert kinds.keys() == FAMILIES.keys()
    for kind, name in kinds.items():
        theirs = getattr(transformers, f"{name}Config")()
        ours = Config(**{**FAMILIES[kind][0], "model_type": kind})
        for field in Config.model_fields.keys() - {"architectures", "id2label", "num_labels", "intermediate_size"}:
            if hasattr(theirs, field):
                assert getattr(ours, field) == getattr(theirs, field), (kind, field)
        assert ours.intermediate_size in (None, getattr(theirs, "intermediate_size", None))
        assert getattr(theirs, "intermediate_size", 4 * theirs.hidden_size) == (
            ours.intermediate_size or 4 * ours.hidden_size
        )


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"model_type": "swin"}, "no rule for the model type 'swin'"),
        ({"model_type": "vit", "hidden_act": "mish"}, "no activation 'mish'"),
        ({"model_type": "vit", "hidden_size": "768"}, "hidden_size"),
        ({"model_type": "vit", "hidden_size": 10**30}, "hidden_size"),
        ({"model_type": "vit", "layer_norm_eps": -1}, "layer_norm_eps"),
        ({"model_type": "dinov2", "architectures": ["Dinov2ForImageClassification"]}, "beside the mean"),
        ({"model_type": "beit"}, "relative positions"),
        ({"model_type": "clip", "vision_config": 3, "architectures": ["CLIPForImageClassification"]}, "another model"),
        ({"model_type": ["vit"]}, "no rule"),
        ({"architecture": "resnet50"}, "no sheet for resnet50"),
        ({"architecture": "../../x"}, "architecture"),
        ({"x": 1}, "neither"),
        ([1], "no configuration"),
    ],
)
def test_what_no_sheet_can_say_is_refused(config, text, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    with pytest.raises(VitError) as problem:
        command(str(path), str(tmp_path / "mine.vit"), Asked(), False, "text")
    assert problem.value.diagnostics[0].code == "V0713"
    assert problem.value.exit_status == 3
    assert text in problem.value.diagnostics[0].message
    assert not (tmp_path / "mine.vit").exists()


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x80", '{"model_type": NaN'])
def test_what_is_no_json_is_refused(text, tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(VitError) as problem:
        command(str(path), None, Asked(), False, "text")
    assert problem.value.diagnostics[0].code == "V0713"


def test_a_file_that_is_there_is_kept(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", **SMALL}))
    (tmp_path / "mine.vit").write_text("mine")
    with pytest.raises(VitError) as problem:
        command(str(tmp_path), str(tmp_path / "mine.vit"), Asked(), False, "text")
    assert problem.value.diagnostics[0].code == "V1008"
    assert (tmp_path / "mine.vit").read_text() == "mine"


@pytest.mark.parametrize("name", ["vit", "a b", "x}\nmodel y = vit {", "if", ""])
def test_a_name_that_is_none_is_refused(name, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", **SMALL}))
    with pytest.raises(VitError):
        command(str(tmp_path), str(tmp_path / "mine.vit"), Asked(name=name), False, "text")
    assert not (tmp_path / "mine.vit").exists()
