"""What the section `weights` may say, and what becomes of it."""

import numpy as np
import pytest
import vitc
from vitc.application import weights as application
from vitc.diagnostics import VitError
from vitc.runtime.weights.files import save
from vitc.runtime.weights.initial import Initial

SHEET = "vit 1\nmodel m = vit {{ image = {size}x{size}x3, patch = {patch}, dim = 32, depth = 2, heads = 4, classes = {classes} }}\n"


@pytest.fixture
def spec(tmp_path):
    """`spec(section, size, patch, classes)`: a file with a model and that section `weights`."""

    def written(section="", size=32, patch=8, classes=5):
        path = tmp_path / "mine.vit"
        path.write_text(SHEET.format(size=size, patch=patch, classes=classes) + section + "\n")
        return path

    return written


@pytest.fixture
def given(spec, tmp_path):
    """The tensors of the model as it is without a section, also in `given.safetensors`."""
    program = vitc.check(spec())
    tensors = {name: np.asarray(array) for name, array in Initial(program, 7).items()}
    save(tmp_path / "given.safetensors", tensors, program.weights())
    return tensors


def loaded(path):
    program = vitc.check(path)
    found = application.imported(program, path, Initial(program, 0))
    assert found is not None
    return found, Initial(program, 0)


def refused(path):
    with pytest.raises(VitError) as problem:
        loaded(path)
    return problem.value.diagnostics


def test_a_file_beside_the_spec(spec, given):
    weights, _ = loaded(spec('weights { file = "given.safetensors" }'))
    assert all(np.array_equal(weights[name], given[name]) for name in given)


def test_a_head_of_another_width_is_an_error_unless_skipped(spec, given):
    (found,) = refused(spec('weights { file = "given.safetensors" }', classes=7))
    assert found.code == "V0705"
    weights, initial = loaded(spec('weights { file = "given.safetensors", skip = ["head.{p}"] }', classes=7))
    assert np.array_equal(weights["head.weight"], initial["head.weight"])
    assert np.array_equal(weights["norm.weight"], given["norm.weight"])
    assert weights.plan.drawn == ["head.weight", "head.bias"]


def test_a_head_that_the_model_lacks_is_an_error_unless_skipped(spec, given):
    (found,) = refused(spec('weights { file = "given.safetensors" }', classes="none"))
    assert (found.code, "head.weight" in found.message) == ("V0704", True)
    weights, _ = loaded(spec('weights { file = "given.safetensors", skip = ["head.{p}"] }', classes="none"))
    assert weights.plan.left_out == ["head.bias", "head.weight"]


def test_only_some_come_from_the_file(spec, given):
    weights, initial = loaded(spec('weights { file = "given.safetensors", only = ["blocks.{i}.attn.{*}", pos_embed] }'))
    for name in given:
        source = given if ".attn." in name or name == "pos_embed" else initial
        assert np.array_equal(weights[name], source[name]), name


def test_another_resolution_is_never_silent(spec, given, timm):
    import torch
    from timm.layers.pos_embed import resample_abs_pos_embed

    (found,) = refused(spec('weights { file = "given.safetensors" }', size=48))
    assert found.code == "V0705"
    for entry, options in {
        "pos_embed": {},
        "bicubic(pos_embed)": {"antialias": False},
        "bilinear(pos_embed, antialias = true)": {"interpolation": "bilinear"},
        "bilinear(pos_embed, align_corners = true)": {
            "interpolation": "bilinear",
            "antialias": False,
            "align_corners": True,
        },
    }.items():
        weights, _ = loaded(spec(f'weights {{ file = "given.safetensors", resize = [{entry}] }}', size=48))
        expected = resample_abs_pos_embed(torch.from_numpy(given["pos_embed"]), [6, 6], [4, 4], 1, **options)
        assert np.abs(weights["pos_embed"] - expected.numpy()).max() < 1e-5


def test_another_patch_size(spec, given, timm):
    import torch
    from timm.layers.patch_embed import resample_patch_embed

    section = 'weights { file = "given.safetensors", resize = ["patch_embed.proj.weight"] }'
    weights, _ = loaded(spec(section, size=64, patch=16))
    expected = resample_patch_embed(torch.from_numpy(given["patch_embed.proj.weight"]), [16, 16])
    assert np.abs(weights["patch_embed.proj.weight"] - expected.numpy()).max() < 1e-5


def test_a_grid_that_is_no_square_is_said(spec, given, tmp_path):
    section = 'weights { file = "given.safetensors", resize = [timm(pos_embed, before = 2x8)] }'
    weights, _ = loaded(spec(section, size=48))
    assert weights["pos_embed"].shape == (1, 37, 32)
    (found,) = refused(spec(section.replace("2x8", "3x5"), size=48))
    assert (found.code, "3x5 and 1 more are not 17 positions" in found.message) == ("V0709", True)


@pytest.mark.parametrize(
    ("section", "code", "text"),
    [
        ('weights { file = "given.safetensors", layout = hff }', "V0603", "not `hff`"),
        ('weights { file = "none.safetensors" }', "V0701", "there is no file of weights"),
        ('weights { file = "given.safetensors", only = [3] }', "V0603", "names of weights"),
        ('weights { file = "given.safetensors", resize = [nearest(pos_embed)] }', "V0603", "bicubic(name)"),
        ('weights { file = "given.safetensors", resize = [bicubic(pos_embed, sharp = true)] }', "V0603", "not sharp"),
        ('weights { file = "given.safetensors", resize = [bicubic(pos_embed, antialias = true, align_corners = true)] }',
         "V0603", "not both true"),
        ('weights { file = "given.safetensors", resize = ["head.weight"] }', "V0705", "pos_embed"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place_and_a_reason(section, code, text, spec, given):
    found = refused(spec(section, size=48 if "head.weight" in section else 32))[0]
    assert found.code == code
    assert text in found.message
    if code != "V0705":
        assert found.span is not None


def test_a_grid_that_is_no_square_is_asked_for_by_the_key_that_takes_it(spec, given, tmp_path):
    """What the message says to write is taken."""
    rectangle = spec("", size=32).read_text().replace("32x32x3", "32x40x3")
    spec().write_text(rectangle)
    program = vitc.check(tmp_path / "mine.vit")
    save(tmp_path / "given.safetensors", Initial(program, 7), program.weights())
    section = 'weights {{ file = "given.safetensors", resize = [{}] }}'
    (found,) = refused(spec(section.format("pos_embed"), size=48))
    assert found.code == "V0709"
    entry = found.message.partition("name it: ")[2].strip()
    assert entry == "timm(pos_embed, before = 14x16)"
    weights, _ = loaded(spec(section.format(entry.replace("14x16", "4x5")), size=48))
    assert weights["pos_embed"].shape == (1, 37, 32)
