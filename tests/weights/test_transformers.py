"""Weights of transformers' models, saved under the names of the hub, give transformers' numbers in ours."""

import numpy as np
import pytest

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 32,
         "patch_size": 8}  # fmt: skip


def tokens(output):
    return output.last_hidden_state[:, 0]


def patches(skip):
    return lambda output: output.last_hidden_state[:, skip:].mean(1)


#: Model class, its configuration, our sheet with its settings, what of the output is compared.
CASES = {
    "vit": ("ViTForImageClassification", {"num_labels": 5, "layer_norm_eps": 1e-6}, "vit_base_patch16_224",
            {"classes": "5"}, lambda o: o.logits),
    "vit_model": ("ViTModel", {"layer_norm_eps": 1e-6}, "vit_base_patch16_224", {"classes": "none"}, tokens),
    "deit": ("DeiTForImageClassificationWithTeacher", {"num_labels": 5, "layer_norm_eps": 1e-6, "intermediate_size": 128},
             "deit_base_distilled_patch16_224", {"classes": "5"}, lambda o: o.logits),
    "beit": ("BeitForImageClassification",
             {"num_labels": 5, "layer_norm_eps": 1e-6, "use_relative_position_bias": True, "use_mean_pooling": True},
             "beit_base_patch16_224", {"classes": "5"}, lambda o: o.logits),
    "dinov2": ("Dinov2Model", {"mlp_ratio": 2}, "vit_base_patch14_dinov2", {}, tokens),
    "dinov2_giant": ("Dinov2Model", {"use_swiglu_ffn": True, "mlp_ratio": 3}, "vit_giant_patch14_dinov2",
                     {"mlp.hidden": "64"}, tokens),
    "dinov2_registers": ("Dinov2WithRegistersModel", {"mlp_ratio": 2}, "vit_base_patch14_reg4_dinov2", {}, tokens),
    "dinov3": ("DINOv3ViTModel", {"num_register_tokens": 4}, "vit_small_patch16_dinov3_qkvb", {}, patches(5)),
    "dinov3_gated": ("DINOv3ViTModel", {"num_register_tokens": 4, "use_gated_mlp": True, "hidden_act": "silu"},
                     "vit_small_plus_patch16_dinov3_qkvb", {}, patches(5)),
    "clip": ("CLIPVisionModelWithProjection", {"projection_dim": 16}, "vit_base_patch16_clip_quickgelu_224",
             {"classes": "16"}, lambda o: o.image_embeds),
    "clip_model": ("CLIPVisionModel", {}, "vit_base_patch16_clip_quickgelu_224", {"classes": "none"},
                   lambda o: o.pooler_output),
    "siglip": ("SiglipVisionModel", {}, "vit_base_patch16_siglip_224", {"mlp.act": "gelu_tanh"}, lambda o: o.pooler_output),
    "ijepa": ("IJepaModel", {"layer_norm_eps": 1e-6}, "vit_huge_patch14_gap_224", {}, patches(0)),
    "mae": ("ViTMAEModel", {"mask_ratio": 0.0, "layer_norm_eps": 1e-6}, "vit_base_patch16_224", {"classes": "none"}, tokens),
}  # fmt: skip


@pytest.fixture
def saved(transformers, filled, tmp_path):
    """`saved(case)`: the module and the file that transformers wrote of it; `new`: under the names of its version 5."""

    def made(case, new=False):
        name, options, *_ = CASES[case]
        kind = getattr(transformers, name)
        model = filled(kind(kind.config_class(**{**SMALL, **options})))
        model.save_pretrained(tmp_path, save_original_format=not new)
        return model, tmp_path / "model.safetensors"

    return made


def sized(small, case):
    _, options, sheet, settings, _ = CASES[case]
    hidden = {} if options.get("mlp_ratio") == 3 or "intermediate_size" in options else {"mlp.hidden": "64"}
    return small(sheet, **{**hidden, **settings})


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_transformers(case, saved, small, imported, run, images, close):
    import torch

    model, path = saved(case)
    program = sized(small, case)
    with torch.no_grad():
        expected = CASES[case][-1](model(torch.from_numpy(images)))
    weights = imported(path, program, "hf")
    close(run(program, weights, images), expected)


@pytest.mark.parametrize("case", CASES)
def test_the_names_of_version_5_are_understood(case, saved, small, imported):
    program = sized(small, case)
    _, path = saved(case)
    usual = {name: np.array(array) for name, array in imported(path, program, "hf").items()}
    _, path = saved(case, new=True)
    found = imported(path, program, "hf")
    assert all(np.array_equal(found[name], array) for name, array in usual.items())


@pytest.mark.parametrize("case", CASES)
def test_what_was_imported_is_exported_to_the_same_bits(case, saved, small, imported, tmp_path):
    from safetensors.numpy import load_file
    from vitc.runtime.weights.exported import export
    from vitc.runtime.weights.files import save

    _, path = saved(case)
    program = sized(small, case)
    weights = imported(path, program, "hf")
    ours, back = tmp_path / "ours.safetensors", tmp_path / "back.safetensors"
    save(ours, weights, program.weights())
    export(weights.stored.__class__(ours), weights.model, weights.plan.layout.name, back)
    original, returned = load_file(path), load_file(back)
    left = set(weights.plan.left_out)
    prefix = weights.plan.layout.prefixes[0]
    bare = {name.removeprefix(prefix): array for name, array in original.items() if name not in left}
    again = {name.removeprefix(prefix): array for name, array in returned.items()}
    assert bare.keys() == again.keys()
    if not any(rule.fold for rule in weights.plan.layout.rules):
        assert all(bare[name].tobytes() == again[name].tobytes() for name in bare)
    twice = imported(back, program, weights.plan.layout.name)
    assert all(np.asarray(twice[name]).tobytes() == np.asarray(weights[name]).tobytes() for name in weights)
