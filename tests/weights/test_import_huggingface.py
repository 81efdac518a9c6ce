"""A folder that transformers wrote becomes a spec with its weights, and the spec has transformers' numbers."""

import json

import numpy as np
import pytest
import vitc
from vitc.application import weights as application
from vitc.application.import_ import import_spec
from vitc.diagnostics import VitError
from vitc.runtime.importing.sheet import Asked
from vitc.runtime.weights.initial import Initial

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 32,
         "patch_size": 8}  # fmt: skip


def tokens(output):
    return output.last_hidden_state[:, 0]


def logits(output):
    return output.logits


CASES = {
    "vit": ("ViTForImageClassification", {"num_labels": 5}, logits),
    "vit_tanh": ("ViTForImageClassification", {"num_labels": 5, "hidden_act": "gelu_pytorch_tanh", "qkv_bias": False}, logits),
    "vit_without_classes": ("ViTForImageClassification", {"num_labels": 0}, logits),
    "vit_of_restoring": ("ViTForMaskedImageModeling", {"encoder_stride": 8}, None),
    "vit_model": ("ViTModel", {}, tokens),
    "deit_teacher": ("DeiTForImageClassificationWithTeacher", {"num_labels": 3, "hidden_act": "relu", "qkv_bias": False}, logits),
    "deit_teacher_without_classes": ("DeiTForImageClassificationWithTeacher", {"num_labels": 0}, logits),
    "deit": ("DeiTForImageClassification", {"num_labels": 3, "qkv_bias": False}, logits),
    "deit_model": ("DeiTModel", {}, tokens),
    "beit": ("BeitForImageClassification", {"num_labels": 5, "use_relative_position_bias": True, "hidden_act": "silu"}, logits),
    "dinov2": ("Dinov2Model", {"mlp_ratio": 3, "patch_size": 8}, tokens),
    "dinov2_giant": ("Dinov2Model", {"use_swiglu_ffn": True, "qkv_bias": False}, tokens),
    "dinov2_registers": ("Dinov2WithRegistersModel", {"num_register_tokens": 3}, tokens),
    "dinov2_no_registers": ("Dinov2WithRegistersModel", {"num_register_tokens": 0}, tokens),
    "dinov2_classes": ("Dinov2ForImageClassification", {"num_labels": 3, "qkv_bias": False}, logits),
    "dinov2_classes_registers": ("Dinov2WithRegistersForImageClassification", {"num_labels": 3, "num_register_tokens": 4}, logits),
    "dinov2_classes_no_registers": ("Dinov2WithRegistersForImageClassification", {"num_labels": 3, "num_register_tokens": 0}, logits),
    "dinov2_both_vectors": ("Dinov2ForImageClassification", {"num_labels": 0}, logits),
    "dinov3": ("DINOv3ViTModel", {"num_register_tokens": 4, "rope_theta": 50.0}, lambda o: o.pooler_output),
    "dinov3_no_registers": ("DINOv3ViTModel", {"num_register_tokens": 0, "key_bias": True}, lambda o: o.pooler_output),
    "dinov3_gated": ("DINOv3ViTModel", {"use_gated_mlp": True, "hidden_act": "silu", "query_bias": False, "value_bias": False,
                     "num_register_tokens": 1},
                     lambda o: o.pooler_output),
    "clip": ("CLIPVisionModelWithProjection", {"projection_dim": 16}, lambda o: o.image_embeds),
    "clip_model": ("CLIPVisionModel", {"hidden_act": "gelu"}, lambda o: o.pooler_output),
    "siglip": ("SiglipVisionModel", {}, lambda o: o.pooler_output),
    "siglip_without_head": ("SiglipVisionModel", {"vision_use_head": False}, lambda o: o.last_hidden_state),
    "ijepa": ("IJepaModel", {}, lambda o: o.last_hidden_state.mean(1)),
    "ijepa_classes": ("IJepaForImageClassification", {"num_labels": 3}, logits),
    "mae": ("ViTMAEModel", {"mask_ratio": 0.0}, tokens),
}  # fmt: skip


@pytest.fixture
def saved(transformers, filled, tmp_path):
    """`saved(name, options)`: a small model with weights drawn anew, in the folder `theirs` as transformers writes it."""

    def made(name, options):
        kind = getattr(transformers, name)
        model = filled(kind(kind.config_class(**options)))
        model.save_pretrained(tmp_path / "theirs", save_original_format=True)
        return model

    return made


@pytest.fixture
def ours(run, images, tmp_path):
    """`ours()`: what the spec of the folder `theirs` computes with the weights beside it."""

    def computed(asked=None, pixels=images):
        import_spec(str(tmp_path / "theirs"), str(tmp_path / "mine.vit"), asked or Asked())
        program = vitc.check(tmp_path / "mine.vit")
        return run(program, application.imported(program, tmp_path / "mine.vit", Initial(program, 0)), pixels)

    return computed


@pytest.mark.parametrize("case", CASES)
def test_a_folder_becomes_a_spec_with_the_same_numbers(case, saved, ours, images, close):
    import torch

    name, options, of = CASES[case]
    model = saved(name, {**SMALL, **options})
    with torch.no_grad():
        pixels = torch.from_numpy(images)
        expected = model.vit(pixels).last_hidden_state[:, 0] if of is None else of(model(pixels))
    close(ours(), expected)


def two_sided(kind):
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    text = {**small, "vocab_size": 50, "max_position_embeddings": 8, "bos_token_id": 1, "eos_token_id": 2}
    more = {"projection_dim": 16} if kind == "CLIP" else {}
    return {"vision_config": {**SMALL, **more}, "text_config": text, **more}


@pytest.mark.parametrize("kind", ["CLIP", "Siglip"])
def test_the_image_side_of_a_model_with_two(kind, saved, ours, images, close):
    import torch

    model = saved(f"{kind}Model", two_sided(kind))
    with torch.no_grad():
        expected = model.get_image_features(torch.from_numpy(images)).pooler_output
    close(ours(), expected)


@pytest.mark.parametrize("kind", ["CLIP", "Siglip"])
def test_a_classifier_on_the_image_side(kind, saved, ours, images, close, tmp_path):
    import torch

    model = saved(f"{kind}ForImageClassification", {**two_sided(kind), "id2label": {0: "a", 1: "b", 2: "c"}})
    with torch.no_grad():
        expected = model(torch.from_numpy(images)).logits
    close(ours(), expected)
    assert 'classes = ["a", "b", "c"]' in (tmp_path / "mine.vit").read_text()


@pytest.mark.parametrize("name", ["gelu_python", "gelu_fast", "gelu_new", "gelu_accurate", "gelu_python_tanh", "quick_gelu", "silu",
                                  "swish", "relu", "hardswish", "tanh", "sigmoid"])  # fmt: skip
def test_activations_are_those_of_transformers(name, transformers, run):
    """On numbers from -8 to 8, by a block that is the activation alone."""
    import torch
    from transformers.activations import ACT2FN
    from vitc.compiler.elaborate import elaborate
    from vitc.compiler.elaborate.library import loads
    from vitc.runtime.importing.families import ACTIVATIONS

    text = (f"vit 1\nblock net(image: shape = 1x1x999, act: block = {ACTIVATIONS[name]}) {{\n  act = act\n"
            "  forward(image: [C, H, W]) { return act(rearrange(image, \"c h w -> (c h w)\")) }\n}\nmodel net2 = net\n")  # fmt: skip
    x = np.linspace(-8, 8, 999, dtype=np.float32)
    found = run(elaborate(loads(text), "net2"), {}, x[None, :, None, None])[0]
    assert np.abs(found - ACT2FN[name](torch.from_numpy(x)).numpy()).max() < 1e-6


@pytest.mark.parametrize("name", ["Dinov2Model", "Dinov2WithRegistersModel"])
def test_positions_are_resized_where_transformers_does(name, saved, ours, images, close, tmp_path):
    """As of the released DINOv2: its positions are those of 518 pixels, its pictures have 224."""
    import torch

    model = saved(name, {**SMALL, "image_size": 56, "patch_size": 8})
    (tmp_path / "theirs" / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    with torch.no_grad():
        expected = tokens(model(torch.from_numpy(images)))
    close(ours(), expected)
    text = (tmp_path / "mine.vit").read_text()
    assert "# image_size is 56x56, and preprocessor_config.json cuts pictures to 32x32: the model takes 32x32" in text


def test_a_size_that_transformers_refuses_is_asked_for(saved, ours, images, close, tmp_path):
    import torch

    model = saved("ViTModel", {**SMALL, "image_size": 56, "patch_size": 8})
    (tmp_path / "theirs" / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
    with pytest.raises(VitError) as problem:
        ours()
    found = problem.value.diagnostics[0]
    assert (found.code, problem.value.exit_status) == ("V0714", 2)
    assert "config.json`: image_size = 56, but preprocessor_config.json cuts pictures to 32x32" in found.message
    assert found.help == "say which with --image 56x56 or --image 32x32"
    with torch.no_grad():
        expected = tokens(model(torch.from_numpy(images), interpolate_pos_encoding=True))
    close(ours(Asked(image=(32, 32))), expected)
    (tmp_path / "mine.vit").unlink()
    larger = np.zeros((1, 3, 56, 56), np.float32)
    with torch.no_grad():
        close(ours(Asked(image=(56, 56)), larger), tokens(model(torch.from_numpy(larger))))
    assert (
        "input { mean = [0.1, 0.2, 0.3], std = [0.5, 0.5, 0.5], interpolation = bicubic, crop = 0.8 }"
        in (tmp_path / "mine.vit").read_text()
    )


def test_pictures_that_are_no_squares(saved, ours, close):
    import torch

    model = saved("ViTForImageClassification", {**SMALL, "image_size": [32, 48], "patch_size": [8, 8], "num_labels": 3})
    pixels = np.random.default_rng(1).standard_normal((2, 3, 32, 48)).astype(np.float32)
    with torch.no_grad():
        close(ours(pixels=pixels), model(torch.from_numpy(pixels)).logits)


@pytest.mark.parametrize("given", [None, [], ...])
def test_without_architectures_the_weights_tell(given, saved, ours, images, close, tmp_path):
    import torch

    model = saved("ViTForImageClassification", {**SMALL, "id2label": {0: "cat", 1: "dog", 2: "rat"}})
    path = tmp_path / "theirs" / "config.json"
    config = json.loads(path.read_text())
    config.pop("architectures")
    path.write_text(json.dumps(config if given is ... else {**config, "architectures": given}))
    with torch.no_grad():
        close(ours(), model(torch.from_numpy(images)).logits)
    assert "architectures is missing: read as ViTForImageClassification" in (tmp_path / "mine.vit").read_text()


def test_more_outputs_than_the_configuration_says(saved, ours, images, close, tmp_path):
    import torch

    model = saved("ViTForImageClassification", {**SMALL, "num_labels": 7})
    path = tmp_path / "theirs" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in config.items() if "label" not in k}))
    with torch.no_grad():
        close(ours(), model(torch.from_numpy(images)).logits)
    assert "has 7 outputs, the configuration 2: the weights tell" in (tmp_path / "mine.vit").read_text()


@pytest.mark.parametrize(("key", "value", "code"), [("image_size", 64, "V0705"), ("num_hidden_layers", 3, "V0703"),
                                                    ("num_hidden_layers", 1, "V0704"), ("qkv_bias", False, "V0704"),
                                                    ("intermediate_size", 65, "V0705")])  # fmt: skip
def test_weights_of_another_model_are_refused(key, value, code, saved, ours, tmp_path):
    saved("ViTModel", SMALL)
    path = tmp_path / "theirs" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(VitError) as problem:
        ours()
    assert problem.value.diagnostics[0].code == "V0713"
    assert code in [d.code for d in problem.value.diagnostics]
    assert not (tmp_path / "mine.vit").exists()


def test_a_classifier_that_the_weights_lack_is_refused(saved, ours, tmp_path):
    saved("ViTModel", SMALL)
    path = tmp_path / "theirs" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "architectures": ["ViTForImageClassification"]}))
    with pytest.raises(VitError) as problem:
        ours()
    assert 'architectures = ["ViTForImageClassification"]: the weights beside it have no classifier.weight' in str(
        problem.value.diagnostics[0].message
    )


#: As of the released DINOv2, smaller.
PROCESSOR = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 40}, "resample": 3, "do_center_crop": True,
             "crop_size": {"height": 32, "width": 32}, "image_mean": [0.1, 0.2, 0.3], "image_std": [0.5] * 3}  # fmt: skip


KINDS = {"vit": "ViT", "vit_mae": "ViTMAE", "deit": "DeiT", "ijepa": "IJepa", "dinov2": "Dinov2", "beit": "Beit",
         "dinov2_with_registers": "Dinov2WithRegisters", "dinov3_vit": "DINOv3ViT", "clip_vision_model": "CLIPVision",
         "siglip_vision_model": "SiglipVision"}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_transformers_is_known_with_its_default(kind, transformers):
    """A field that transformers adds or drops fails here: it has to be read or known to change nothing."""
    from vitc.runtime.importing.families import EVERYWHERE, FAMILIES, Config

    family, theirs = FAMILIES[kind], getattr(transformers, f"{KINDS[kind]}Config")()
    fields = {key for key in theirs.to_dict() if not key.startswith("_")}
    own = family.reads | family.training | family.ignored
    assert fields - EVERYWHERE <= own
    assert own - EVERYWHERE - fields <= {
        "logit_scale_init_value",
        "initializer_factor",
        "apply_layernorm",
        "initializer_range",
    }
    assert not (family.reads & family.training | family.reads & family.ignored | family.training & family.ignored)
    ours = Config(**family.defaults)
    for field in family.reads:
        assert getattr(ours, field) == getattr(theirs, field), (kind, field)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_passed_over_changes_nothing(kind, transformers, filled, images):
    """Every key that is not read, set to something else: transformers computes the same."""
    import torch
    from vitc.runtime.importing.families import FAMILIES

    small = {**SMALL, "mask_ratio": 0.0} if kind == "vit_mae" else SMALL
    configs, models = getattr(transformers, f"{KINDS[kind]}Config"), getattr(transformers, f"{KINDS[kind]}Model")
    model, pixels = filled(models(configs(**small))), torch.from_numpy(images)
    with torch.no_grad():
        expected = tokens(model(pixels))
    for key in sorted(FAMILIES[kind].training | FAMILIES[kind].ignored):
        usual = getattr(configs(**small), key, None)
        if (
            key in ("stage_names", "out_features", "out_indices", "pool_scales", "mask_ratio", "add_fpn")
            or usual is None
        ):
            continue
        other = (
            not usual if isinstance(usual, bool) else "gelu" if isinstance(usual, str) else usual + type(usual)(1) / 2
        )
        other = int(other) + 1 if isinstance(usual, int) and not isinstance(usual, bool) else other
        if key == "encoder_stride":
            other = 32
        changed = models(configs(**{**small, key: other})).eval()
        changed.load_state_dict(
            {k: v for k, v in model.state_dict().items() if not k.startswith("pooler.dense")}, strict=False
        )
        with torch.no_grad():
            assert torch.allclose(tokens(changed(pixels)), expected, atol=1e-6), key


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"model_type": "swin"}, 'model_type = "swin"'),
        ({"model_type": "resnet", "architectures": ["ResNetForImageClassification"]}, 'model_type = "resnet"'),
        ({"model_type": "llava", "vision_config": {"model_type": "clip_vision_model"}}, 'model_type = "llava"'),
        ({"model_type": "vit", "hidden_act": "mish"}, 'hidden_act = "mish"'),
        ({"model_type": "vit", "hidden_act": "gelu_10"}, 'hidden_act = "gelu_10"'),
        ({"model_type": "vit", "hidden_act": None}, "hidden_act = null"),
        ({"model_type": "vit", "hidden_size": "768"}, 'hidden_size = "768"'),
        ({"model_type": "vit", "hidden_size": 10**30}, "hidden_size"),
        ({"model_type": "vit", "hidden_size": True}, "hidden_size = true"),
        ({"model_type": "vit", "num_attention_heads": 7}, "num_attention_heads = 7"),
        ({"model_type": "vit", "num_hidden_layers": 1_000_000}, "can't be built"),
        ({"model_type": "vit", "image_size": 225}, "image_size = 225"),
        ({"model_type": "vit", "image_size": [224]}, "image_size = [224]"),
        ({"model_type": "vit", "image_size": {"height": 224}}, "image_size"),
        ({"model_type": "vit", "head_dim": 32}, "head_dim = 32"),
        ({"model_type": "vit", "pruned_heads": {"0": [1]}}, "pruned_heads"),
        ({"model_type": "vit", "layer_norm_eps": -1}, "layer_norm_eps = -1"),
        ({"model_type": "vit", "layer_norm_eps": float("nan")}, "layer_norm_eps = NaN"),
        ({"model_type": "dinov2", "mlp_ratio": float("inf")}, "mlp_ratio = Infinity"),
        ({"model_type": "vit", "qkv_bias": "no"}, 'qkv_bias = "no"'),
        ({"model_type": "vit", "architectures": "ViTModel"}, 'architectures = "ViTModel"'),
        ({"model_type": "vit", "architectures": ["ViTForSegmentation"]}, 'architectures = ["ViTForSegmentation"]'),
        ({"model_type": "vit", "architectures": [3]}, "architectures = [3]"),
        ({"model_type": "vit", "architectures": ["ViTForImageClassification"], "num_labels": -1}, "num_labels = -1"),
        ({"model_type": "dinov2", "architectures": ["Dinov2Backbone"]}, "architectures"),
        ({"model_type": "dinov3_vit", "query_bias": False}, "key_bias = false"),
        ({"model_type": "dinov3_vit", "mlp_bias": False}, "mlp_bias = false"),
        ({"model_type": "dinov3_vit", "use_gated_mlp": True}, 'hidden_act = "gelu"'),
        ({"model_type": "beit"}, "use_relative_position_bias = false"),
        (
            {"model_type": "beit", "use_relative_position_bias": True, "use_mean_pooling": False},
            "use_mean_pooling = false",
        ),
        ({"model_type": "clip", "vision_config": 3}, "vision_config = 3"),
        ({"model_type": "clip", "vision_config": {"hidden_act": "mish"}}, 'vision_config.hidden_act = "mish"'),
        ({"model_type": "clip", "vision_config": {"model_type": "siglip_vision_model"}}, "vision_config.model_type"),
        ({"model_type": "clip", "vision_config_dict": {"hidden_size": 8}}, "vision_config_dict"),
        ({"model_type": ["vit"]}, 'model_type = ["vit"]'),
        ({"architecture": "resnet50"}, 'architecture = "resnet50"'),
        ({"architecture": "../../x"}, 'architecture = "../../x"'),
        ({"architecture": 3}, "architecture = 3"),
        ({"x": 1}, "neither"),
        ([1], "a configuration is a mapping, this is [1]"),
    ],
)
def test_what_no_sheet_can_say_is_refused(config, text, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    with pytest.raises(VitError) as problem:
        import_spec(str(path), str(tmp_path / "mine.vit"))
    assert problem.value.diagnostics[0].code == "V0713"
    assert problem.value.exit_status == 3
    assert text in problem.value.diagnostics[0].message
    assert "config.json" in problem.value.diagnostics[0].message
    assert "did you mean" not in problem.value.diagnostics[0].help
    assert not (tmp_path / "mine.vit").exists()


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x80", '{"model_type": NaN'])
def test_what_is_no_json_is_refused(text, tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(VitError) as problem:
        import_spec(str(path), None)
    assert problem.value.diagnostics[0].code == "V0713"


def test_a_file_that_is_there_is_kept(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", **SMALL}))
    (tmp_path / "mine.vit").write_text("mine")
    with pytest.raises(VitError) as problem:
        import_spec(str(tmp_path), str(tmp_path / "mine.vit"))
    assert problem.value.diagnostics[0].code == "V1008"
    assert (tmp_path / "mine.vit").read_text() == "mine"


@pytest.mark.parametrize("name", ["vit", "a b", "x}\nmodel y = vit {", "if", ""])
def test_a_name_that_is_none_is_refused(name, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", **SMALL}))
    with pytest.raises(VitError):
        import_spec(str(tmp_path), str(tmp_path / "mine.vit"), Asked(name=name))
    assert not (tmp_path / "mine.vit").exists()
