"""`input` of a sheet: inherited key by key, overridden by `data`, carried by what is compiled, and told where nobody states it."""

import json
import math

import numpy as np
import pytest
import vitc
from PIL import Image
from typer.testing import CliRunner
from vitc.cli.main import app
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import load
from vitc.diagnostics import VitError
from vitc.runtime.sections.data import Data
from vitc.runtime.sections.input import preprocess

SMALL = "patch = 8, dim = 8, depth = 1, heads = 1, classes = 2"
STATED = "input { mean = 0.5, std = 0.25, interpolation = bicubic, crop = 0.8 }"
BASE = f"model base = vit {{ image = 32x32x3, {SMALL}, {STATED} }}\n"


@pytest.fixture
def made(tmp_path):
    """`made(text, model, **settings)`: how a model of this text prepares pictures."""

    def prepared(text, model=None, **settings):
        path = tmp_path / "mine.vit"
        path.write_text(f"vit 1\n{text}")
        given = {name.replace("_", ".", 1): value for name, value in settings.items()}
        program = elaborate(load(path), model or load(path).models()[-1], given)
        return preprocess(program, Data.of(program))

    return prepared


def problems(tmp_path, text, settings=None):
    """Code, message and text at the place of all that `vitc check` finds."""
    path = tmp_path / "mine.vit"
    path.write_text(f"vit 1\n{text}")
    with pytest.raises(VitError) as caught:
        for model in load(path).models():
            vitc.check(path, model, settings)
    return [(d.code, d.message, d.span.text) for d in caught.value.diagnostics if d.span]


def test_keys_are_inherited_one_by_one_and_a_share_follows_the_size(made):
    text = f"{BASE}model child = base {{ image = 96x64x3, input {{ mean = [0.1, 0.2, 0.3] }} }}\nmodel grandchild = child\n"
    found = made(text)
    assert (found.mean, found.std, found.interpolation) == ((0.1, 0.2, 0.3), (0.25,) * 3, "bicubic")
    assert found.resize == (math.floor(96 / 0.8), math.floor(64 / 0.8))
    assert made(text, "base").resize == 40 and found.assumed == ()


def test_keys_are_inherited_from_another_file(made, tmp_path):
    (tmp_path / "theirs.vit").write_text(f"vit 1\n{BASE}")
    found = made('use "theirs.vit"\nmodel mine = base { input { crop = 1.0 } }\n')
    assert (found.mean, found.resize, found.crop_mode) == ((0.5,) * 3, 32, "center")
    zoo = made(f'use "zoo/vit.vit"\nmodel mine = vit_base_patch16_224 {{ image = 64x64x3, {SMALL} }}\n')
    assert (zoo.mean, zoo.std, zoo.interpolation, zoo.resize) == ((0.5,) * 3, (0.5,) * 3, "bicubic", 71)


@pytest.mark.parametrize(
    ("below", "above", "resize"),
    [("crop = 0.8", "resize = 36", 36), ("resize = 36", "crop = 0.8", 40), ("resize = 36", "mean = 0.5", 36)],
)
def test_of_crop_and_resize_the_nearer_counts(made, below, above, resize):
    sheet = f"model base = vit {{ image = 32x32x3, {SMALL}, input {{ {below} }} }}\n"
    assert made(f"{sheet}model m = base {{ input {{ {above} }} }}\n").resize == resize
    assert made(f"{sheet}data {{ {above} }}\n").resize == resize
    assert made(f"{sheet}data {{ {below} }}\ndata base {{ {above} }}\n").resize == resize


def test_data_overrides_single_keys(made):
    found = made(f"{BASE}data {{ std = 0.5, crop_mode = squash }}\n")
    assert (found.mean, found.std, found.crop_mode, found.interpolation) == (
        (0.5,) * 3,
        (0.5,) * 3,
        "squash",
        "bicubic",
    )


def test_the_command_line_sets_single_keys(made):
    found = made(BASE, input_mean="imagenet", input_crop="1")
    assert (found.mean, found.std, found.resize) == ((0.485, 0.456, 0.406), (0.25,) * 3, 32)
    assert made(BASE, input_resize="50").resize == 50


def test_a_model_of_one_channel_takes_one_number(made):
    assert made(BASE, image="32x32x1").mean == (0.5,)
    assert made(BASE, image="32x32x1", input_mean="inception").mean == (0.5,)


@pytest.mark.parametrize(
    ("entries", "code", "message", "place"),
    [
        ("men = 0.5", "V0602", "`input` has no `men`", "men"),
        ("source = digits", "V0602", "`input` has no `source`", "source"),
        ("mean = [123.675, 116.28, 103.53]", "V0609",
         "`mean` is that of pixels from 0 to 1, not [123.675, 116.28, 103.53]", "[123.675, 116.28, 103.53]"),
        ("std = 1.01", "V0609", "`std` is that of pixels from 0 to 1, not 1.01", "1.01"),
        ("std = -1", "V0603", "`std` must be above 0, not -1", "-1"),
        ("mean = -0.5", "V0603", "`mean` must be at least 0, not -0.5", "-0.5"),
        ("mean = grey", "V0603",
         "`mean` takes a number, a number for each channel, or imagenet, inception, clip, not `grey`", "grey"),
        ("mean = none", "V0603",
         "`mean` takes a number, a number for each channel, or imagenet, inception, clip, not none", "none"),
        ("mean = [0.1, 0.2]", "V0606", "`mean` has 2 values, and pictures of `m` have 3 channels", "[0.1, 0.2]"),
        ("crop = 0.8, resize = 40", "V0606",
         "`crop` and `resize` both say how large the picture is before the middle is cut out", "resize"),
        ("resize = 31", "V0606", "resize to 31 leaves less than the 32x32 of the model", "31"),
        ("crop = 28", "V0603", "`crop` takes the share of the picture's side that is kept, from 0.01 to 1, not 28", "28"),
        ("crop_mode = middle", "V0603", "`crop_mode` takes center, squash or border, not `middle`", "middle"),
        ("interpolation = cubic", "V0603", "`interpolation` takes nearest, bilinear, bicubic or lanczos, not `cubic`", "cubic"),
        ("mean = 0.5, mean = 0.4", "V0204", "`input.mean` is set twice in this sheet", "mean"),
        ("mean { red = 0.5 }", "V0603",
         "`mean` takes a number, a number for each channel, or imagenet, inception, clip, not `{ … }`", "mean { red = 0.5 }"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(tmp_path, entries, code, message, place):
    sheet = f"model m = vit {{ image = 32x32x3, {SMALL}, input {{ {entries} }} }}\n"
    assert problems(tmp_path, sheet) == [(code, message, place)]


def test_statistics_of_bytes_are_shown_divided(tmp_path):
    with pytest.raises(VitError) as caught:
        path = tmp_path / "mine.vit"
        path.write_text(
            f"vit 1\nmodel m = vit {{ image = 32x32x3, {SMALL}, input {{ mean = [123.675, 0, 103.53], std = 58.395 }} }}\n"
        )
        vitc.check(path)
    helps = [d.help for d in caught.value.diagnostics]
    assert helps == ["divide by 255: `mean = [0.485, 0.0, 0.406]`", "divide by 255: `std = 0.229`"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (f"model m = vit {{ {SMALL}, input = 0.5 }}\n", ["input"]),
        (f"model m = vit {{ {SMALL}, input = imagenet }}\n", ["input"]),
        ("block b(input = 3) {\n  forward(x: [N, D]) { return x * input }\n}\n" + BASE, ["input"]),
    ],
)
def test_input_is_not_a_parameter(tmp_path, text, places):
    found = problems(tmp_path, text)
    assert [(code, place) for code, _, place in found] == [("V0608", place) for place in places]


def test_an_equals_sign_before_the_braces_is_answered(tmp_path):
    path = tmp_path / "mine.vit"
    path.write_text("vit 1\nmodel m = vit { input = { mean = 0.5 } }\n")
    with pytest.raises(VitError) as caught:
        load(path)
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.help) == ("V0102", "entries in braces take no `=`: write `input { … }`")


def test_keys_of_input_are_set_by_path_too(tmp_path):
    braces, path = tmp_path / "braces.vit", tmp_path / "path.vit"
    braces.write_text(
        f"vit 1\nmodel m = vit {{ {SMALL}, input {{ mean = 0.1, std = 0.2 }} }}\nmodel n = m {{ input {{ std = 0.3 }} }}\n"
    )
    path.write_text(
        f"vit 1\nmodel m = vit {{ {SMALL}, input.mean = 0.1, input.std = 0.2 }}\nmodel n = m {{ input.std = 0.3 }}\n"
    )
    programs = [elaborate(load(file), "n") for file in (braces, path)]
    found = [preprocess(program, Data.of(program)) for program in programs]
    assert found[0] == found[1] and (found[0].mean, found[0].std) == ((0.1,) * 3, (0.3,) * 3)


def test_input_has_no_value_on_the_command_line_and_no_section(tmp_path):
    ((code, message, _),) = problems(tmp_path, BASE, {"input": "0.5"})
    assert code == "V0608" and message == "`input` is not a parameter"
    ((code, message, place),) = problems(tmp_path, BASE + "input { mean = 0.5 }\n")
    assert (code, message, place) == ("V0202", "there is no section `input`", "input")
    ((code, _, place),) = problems(tmp_path, f"model m = vit {{ {SMALL}, {STATED}, input {{ mean = 0.1 }} }}\n")
    assert (code, place) == ("V0204", "mean")


def test_what_the_command_line_sets_has_an_effect_or_is_refused(tmp_path):
    text = f"{BASE}data {{ mean = 0.1, resize = 50 }}\n"
    for key, value, kept in (("mean", "0.2", "mean"), ("crop", "0.5", "resize")):
        ((code, message, _),) = problems(tmp_path, text, {f"input.{key}": value})
        assert (code, message) == ("V0606", f"`input.{key}` has no effect: the section `data` sets `{kept}`")
    ((code, *_),) = problems(tmp_path, BASE, {"input.crop": "0.5", "input.resize": "60"})
    assert code == "V0606"


def test_statistics_that_do_not_fit_name_the_model_and_the_sheet_they_come_from(tmp_path):
    path = tmp_path / "mine.vit"
    path.write_text(f'vit 1\nuse "zoo/deit.vit"\nmodel grey = deit_tiny_patch16_224 {{ image = 224x224x1, {SMALL} }}\n')
    with pytest.raises(VitError) as caught:
        vitc.check(path)
    mean, std = caught.value.diagnostics
    assert (mean.code, std.code) == ("V0606", "V0606")
    assert mean.message == "`mean` has 3 values, and pictures of `grey` have 1 channel"
    assert mean.span and mean.span.text == "grey" and "input { mean = 0.5 }" in mean.help
    (other,) = mean.others
    assert (
        other.span.text == "imagenet" and other.span.source.name.endswith("zoo/deit.vit") and other.text == "3 values"
    )


def commanded(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_what_nobody_states_is_told_and_carried(tmp_path):
    path, out, picture = tmp_path / "mine.vit", tmp_path / "out", tmp_path / "x.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)).save(picture)
    cases = {
        "": (["mean", "std", "interpolation", "crop"], "does not state how pictures are prepared; assumed: mean 0, std 1, "
             "bilinear interpolation and stretching to 32x32"),
        "input { mean = 0.5, crop = 0.9 }": (["std", "interpolation"], "does not state std and interpolation; assumed: std 1 "
                                             "and bilinear interpolation"),
        STATED: ([], ""),
    }  # fmt: skip
    for stated, (assumed, text) in cases.items():
        path.write_text(f"vit 1\nmodel m = vit {{ image = 32x32x3, {SMALL}\n{stated} }}\n")
        compiled = commanded("compile", path, "-o", out, "--to", "onnx", "--no-verify")
        predicted = commanded("predict", out, picture)
        as_json = commanded("predict", out, picture, "--format", "json")
        assert json.loads((out / "manifest.json").read_text())["preprocess"]["assumed"] == assumed
        for done in (compiled, predicted, as_json):
            assert done.exit_code == 0
            assert ("warning[V0610]" in done.stderr, text in done.stderr) == (bool(assumed), True)
            assert "V0610" not in done.stdout
        assert json.loads(as_json.stdout)


def test_show_prints_the_preparation(tmp_path):
    path = tmp_path / "mine.vit"
    path.write_text(f"vit 1\n{BASE}")
    assert "shorter side to 40, bicubic, 32x32 cut out; mean 0.5, std 0.25\n" in commanded("show", path).stdout
    shown = json.loads(commanded("show", path, "--format", "json").stdout)["preprocess"]
    assert (shown["resize"], shown["mean"], shown["assumed"]) == (40, [0.5, 0.5, 0.5], [])
    digits = commanded("show", "digits").stdout
    assert "stretched to 8x8, bilinear; mean 0.31, std 0.38\n" in digits
