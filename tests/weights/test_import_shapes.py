"""Bare weights become a sheet that wants exactly them; what shapes can't tell is asked for."""

import numpy as np
import pytest
import vitc
from safetensors.numpy import save_file
from vitc.application import weights as application
from vitc.application.import_ import import_spec
from vitc.diagnostics import VitError
from vitc.runtime.importing.sheet import Asked
from vitc.runtime.weights.exported import export
from vitc.runtime.weights.files import Stored, save
from vitc.runtime.weights.initial import Initial
from vitc.runtime.weights.matching import Model

#: A sheet of the zoo, its pool, and a layout that its weights are written in.
CASES = {
    "vit_base_patch16_224": ("token", "timm"),
    "vit_base_patch16_gap_224": ("mean", "hf_vit"),
    "vit_base_patch16_clip_224": ("token", "openai"),
    "vit_base_patch14_dinov2": ("token", "hf_dinov2"),
    "vit_base_patch14_reg4_dinov2": ("token", "timm"),
    "deit3_small_patch16_224": ("token", "timm"),
    "vit_base_patch16_siglip_224": (None, "hf_siglip"),
    "vit_base_patch16_siglip_gap_224": ("mean", "google_big_vision_scan"),
    "eva_large_patch14_196": ("mean", "timm"),
    "vit_base_patch16_224_miil": ("token", "timm"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_sheet_from_shapes_wants_exactly_the_weights(name, small, tmp_path):
    pool, layout = CASES[name]
    program = small(name)
    tensors = {n: np.asarray(a) * (n != "head.bias" or layout != "openai") for n, a in Initial(program, 0).items()}
    save(tmp_path / "ours.safetensors", tensors, program.weights())
    theirs = tmp_path / ("theirs.npz" if "google" in layout else "theirs.safetensors")
    export(Stored(tmp_path / "ours.safetensors"), Model(program.weights(), program.root.params), layout, theirs)
    asked = Asked(heads=4, eps=1e-6, act="gelu", pool=pool, image=(32, 32))
    import_spec(str(theirs), str(tmp_path / "mine.vit"), asked)
    found = vitc.check(tmp_path / "mine.vit")
    assert {n: s.shape for n, s in found.weights().items()} == {n: s.shape for n, s in program.weights().items()}
    weights = application.imported(found, tmp_path / "mine.vit", {})
    assert weights is not None
    ours = Stored(tmp_path / "ours.safetensors")
    assert all(np.array_equal(weights[name], ours[name]) for name in ours)


def refused(path, asked):
    with pytest.raises(VitError) as problem:
        import_spec(str(path), None, asked)
    return problem.value


def test_what_shapes_cannot_tell_is_asked_for_at_once(small, tmp_path):
    program = small("vit_base_patch16_224")
    save(tmp_path / "w.safetensors", Initial(program, 0), program.weights())
    found = refused(tmp_path / "w.safetensors", Asked())
    assert (found.diagnostics[0].code, found.exit_status) == ("V0714", 2)
    assert found.diagnostics[0].help == "say it with --image, --heads, --eps, --act, --pool"
    found = refused(tmp_path / "w.safetensors", Asked(heads=4, eps=1e-6, act="mish", pool="token", image=(32, 32)))
    assert "--act takes gelu" in found.diagnostics[0].message


def test_a_grid_that_is_no_square(small, tmp_path):
    """24 patches and a class token are 25 positions, which might be a square without one."""
    program = small("vit_base_patch16_224", image="32x48x3")
    save(tmp_path / "w.safetensors", Initial(program, 0), program.weights())
    asked = {"heads": 4, "eps": 1e-6, "act": "gelu", "pool": "token"}
    import_spec(str(tmp_path / "w.safetensors"), str(tmp_path / "mine.vit"), Asked(**asked, image=(32, 48)))
    assert vitc.check(tmp_path / "mine.vit").root.params["image"] == (32, 48, 3)
    found = refused(tmp_path / "w.safetensors", Asked(**asked, image=(48, 48)))
    assert "25 positions are not those of 36 patches" in found.diagnostics[0].message


def test_more_than_a_plain_vit_is_refused_by_name(small, tmp_path):
    program = small("vit_base_patch16_224")
    tensors = {name: np.asarray(array) for name, array in Initial(program, 0).items()}
    save_file(tensors | {"blocks.0.attn.q_norm.weight": np.ones(8, np.float32)}, tmp_path / "w.safetensors")
    asked = Asked(heads=4, eps=1e-6, act="gelu", pool="token", image=(32, 32))
    found = refused(tmp_path / "w.safetensors", asked)
    assert found.diagnostics[0].code == "V0704"
    assert "blocks.0.attn.q_norm.weight" in found.diagnostics[0].message
    save_file({"x": np.ones(8, np.float32)}, tmp_path / "x.safetensors")
    assert refused(tmp_path / "x.safetensors", Asked()).diagnostics[0].code == "V0713"


@pytest.mark.parametrize("name", ["patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "pos_embed", "head.weight"])
@pytest.mark.parametrize("shape", [(1,), (2, 3, 4, 5, 6), (0, 0)])
def test_odd_shapes_are_refused(name, shape, small, tmp_path):
    program = small("vit_base_patch16_224")
    tensors = {n: np.asarray(array) for n, array in Initial(program, 0).items()}
    save_file(tensors | {name: np.ones(shape, np.float32)}, tmp_path / "w.safetensors")
    refused(tmp_path / "w.safetensors", Asked(heads=4, eps=1e-6, act="gelu", pool="token", image=(32, 32)))


def test_numbers_without_end_in_names_are_names(small, tmp_path):
    program = small("vit_base_patch16_224")
    tensors = {n: np.asarray(array) for n, array in Initial(program, 0).items()}
    save_file(tensors | {f"blocks.{'9' * 5000}.norm1.weight": np.ones(3, np.float32)}, tmp_path / "w.safetensors")
    refused(tmp_path / "w.safetensors", Asked(heads=4, eps=1e-6, act="gelu", pool="token", image=(32, 32)))
    save_file(tensors | {"blocks.999999998.norm1.weight": np.ones(3, np.float32)}, tmp_path / "w.safetensors")
    refused(tmp_path / "w.safetensors", Asked(heads=4, eps=1e-6, act="gelu", pool="token", image=(32, 32)))
