"""preprocessor_config.json becomes `input` of the sheet: pictures are those of transformers' processor."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.diagnostics import VitError
from vitc.runtime.importing import imported
from vitc.runtime.importing.pictures import CLASSES, KINDS, RESAMPLE
from vitc.runtime.importing.sheet import Asked
from vitc.runtime.sections.input import Input, preprocess

SIZES = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64, "patch_size": 8}
PLAIN: dict[str, Any] = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
SHORT: dict[str, Any] = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 40}, "crop_size": 32}


def written(folder, processor, image=32, kind="vit"):
    """The preparation of the sheet that `vitc import` writes of a processor, and its notes."""
    inner = {**SIZES, "image_size": image}
    config = {"vision_config": inner} if kind in ("clip", "siglip") else inner
    config |= {"use_relative_position_bias": True} if kind == "beit" else {}
    config |= {"architectures": ["DeiTForImageClassificationWithTeacher"]} if kind == "deit" else {}
    (folder / "config.json").write_text(json.dumps({"model_type": kind, **config}))
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    sheet = imported(folder, Asked(), folder)
    made = preprocess(elaborate(loads(sheet.text()), "imported"), Input())
    assert made.assumed == ()
    return made, sheet


def test_the_defaults_are_those_of_the_classes_of_transformers(transformers):
    for name, ours in CLASSES.items():
        theirs = getattr(transformers, name)
        for key, value in ours.items():
            given = getattr(theirs, key, None)
            if key == "do_center_crop":
                assert bool(given) == value, (name, key)
            else:
                assert given == value or [*(given or ())] == value, (name, key)
        assert (theirs.do_resize, theirs.do_rescale, theirs.do_normalize) == (True, True, True)
        assert abs(theirs.rescale_factor - 1 / 255) < 1e-12 and not getattr(theirs, "do_pad", None)


def test_the_class_of_a_model_type_is_that_of_transformers(transformers):
    mapping = transformers.models.auto.image_processing_auto.IMAGE_PROCESSOR_MAPPING_NAMES
    assert {kind: mapping[kind]["torchvision"] for kind in KINDS} == KINDS
    for kind in ("dinov2_with_registers", "clip_vision_model", "siglip_vision_model"):
        assert kind not in KINDS and kind not in mapping


#: Processors as files say them; the margin that is cut off is even, where both libraries round alike.
GIVEN: dict[str, dict[str, Any]] = {
    "vit without resample": PLAIN,
    "vit, nearest": {**PLAIN, "resample": 0},
    "vit, lanczos": {**PLAIN, "resample": 1},
    "an old vit": {"feature_extractor_type": "ViTFeatureExtractor", "size": 32, "resample": 2},
    "a fast vit": {**PLAIN, "image_processor_type": "ViTImageProcessorFast", "resample": 3},
    "a list as size": {**PLAIN, "size": [32, 32]},
    "no normalisation": {**PLAIN, "do_normalize": False},
    "no rescaling": {**PLAIN, "do_rescale": False, "image_mean": [120.0, 110.0, 100.0], "image_std": [60.0, 50.0, 40.0]},
    "neither": {**PLAIN, "do_rescale": False, "do_normalize": False},
    "pixels from 0 to 2": {**PLAIN, "rescale_factor": 2 / 255, "image_mean": [1.0] * 3, "image_std": [1.0, 0.5, 1.0]},
    "one number": {**PLAIN, "image_mean": 0.25, "image_std": 0.5},
    "deit": {"image_processor_type": "DeiTImageProcessor", "size": {"height": 36, "width": 36}, "crop_size": 32},
    "beit": {"image_processor_type": "BeitImageProcessor", "size": 32},
    "beit, cut": {"image_processor_type": "BeitImageProcessor", "size": 40, "do_center_crop": True, "crop_size": 32},
    "bit": SHORT,
    "bit, a number": {**SHORT, "size": 40},
    "bit, another statistic": {**SHORT, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]},
    "clip": {"image_processor_type": "CLIPImageProcessor", "size": 32, "crop_size": {"height": 32, "width": 32}},
    "siglip": {"image_processor_type": "SiglipImageProcessor", "size": {"height": 32, "width": 32}},
    "convnext, small": {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 32}},
    "convnext, crop_pct": {"image_processor_type": "ConvNextImageProcessor", "size": 32, "crop_pct": 0.8},
}  # fmt: skip


@pytest.mark.parametrize("case", GIVEN)
def test_pictures_are_those_of_the_processor(case, transformers, tmp_path):
    given = dict(GIVEN[case])
    made, _ = written(tmp_path, given)
    name = given.get("image_processor_type", "ViTImageProcessor").removesuffix("Fast")
    settings = {key: value for key, value in given.items() if not key.endswith("_type")}
    processor = getattr(transformers, f"{name}Pil")(**settings)
    for width, height in ((64, 64), (96, 64), (48, 80)):
        image = Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8))
        expected = processor(image, return_tensors="np")["pixel_values"][0]
        found = made.normalised(made.pixels(image))
        assert np.abs(found - expected).max() <= 1e-5 * max(1, np.abs(expected).max()), (width, height)


def test_dinov3_resizes_in_numbers_that_are_not_rounded(transformers, tmp_path):
    """Its processor has no form for Pillow: it resizes floats by torchvision, ours the pixels, half a step apart at most."""
    given = {"image_processor_type": "DINOv3ViTImageProcessorFast", "size": {"height": 32, "width": 32}}
    made, _ = written(tmp_path, given)
    processor = transformers.DINOv3ViTImageProcessor(size=given["size"])
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8))
    expected = processor(image, return_tensors="np")["pixel_values"][0]
    assert np.abs(made.normalised(made.pixels(image)) - expected).max() <= 1.5 / 255 / 0.224


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_says_nothing_is_that_of_the_class_of_its_model_type(kind, transformers, tmp_path):
    made, sheet = written(tmp_path, {}, image=224, kind=kind)
    theirs = getattr(transformers, KINDS[kind])()
    assert made.mean == tuple(theirs.image_mean) and made.std == tuple(theirs.image_std)
    assert made.interpolation == {2: "bilinear", 3: "bicubic"}[theirs.resample]
    size = dict(theirs.size)
    assert made.resize == (size.get("shortest_edge") or size["height"])
    assert made.crop_mode == ("center" if size.get("shortest_edge") else "squash")
    assert any("lacks resample, size, image_mean, image_std" in note and KINDS[kind] in note for note in sheet.notes)


def test_an_odd_margin_is_cut_as_torchvision_cuts_it(transformers, tmp_path):
    """Of 35 pixels 32 are kept: torchvision leaves 2 out before them, transformers 1."""
    made, _ = written(tmp_path, {**SHORT, "size": {"shortest_edge": 35}})
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (35, 35, 3), np.uint8))
    pixels = np.asarray(image)
    np.testing.assert_array_equal(made.pixels(image), pixels[2:34, 2:34])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({**PLAIN, "do_resize": False}, "do_resize is false"),
        ({**PLAIN, "do_pad": True}, "do_pad is true"),
        ({**PLAIN, "resample": 4}, "resample is 4"),
        ({**PLAIN, "resample": "bicubic"}, "resample"),
        ({**PLAIN, "size": {"longest_edge": 32}}, "size has longest_edge"),
        ({**PLAIN, "size": {"shortest_edge": 32, "longest_edge": 64}}, "size has longest_edge"),
        ({**PLAIN, "size": {"max_height": 32, "max_width": 32}}, "size has max_height, max_width"),
        ({**PLAIN, "size": {}}, "size"),
        ({**PLAIN, "size": {"shortest_edge": 32}}, "any shape"),
        ({**PLAIN, "size": -1}, "size"),
        ({**SHORT, "crop_size": {"shortest_edge": 32}}, "crop_size has shortest_edge"),
        ({**PLAIN, "do_center_crop": True}, "crop_size has nothing"),
        ({**SHORT, "size": {"shortest_edge": 30}}, "crop_size is larger than size"),
        ({**PLAIN, "image_mean": [0.5, 0.4]}, "image_mean has 2 values for 3 channels"),
        ({**PLAIN, "image_mean": [123.0, 116.0, 103.0]}, "not those of pixels from 0 to 1"),
        ({**PLAIN, "image_std": [0.5, 0.5, 0.0]}, "not those of pixels from 0 to 1"),
        ({**PLAIN, "image_mean": "imagenet"}, "image_mean"),
        ({**PLAIN, "rescale_factor": 0}, "rescale_factor"),
        ({"image_processor_type": "LevitImageProcessor"}, "no rule for image_processor_type 'LevitImageProcessor'"),
        ({"image_processor_type": 3}, "no rule for image_processor_type '3'"),
    ],
)
def test_what_input_cannot_say_is_refused(given, text, tmp_path):
    with pytest.raises(VitError) as problem:
        written(tmp_path, given)
    (diagnostic,) = problem.value.diagnostics
    assert (
        diagnostic.code == "V0713" and "preprocessor_config.json" in diagnostic.message and text in diagnostic.message
    )


def test_what_stands_in_a_processor_config_comes_first(transformers, tmp_path):
    """As `AutoImageProcessor` reads a folder that has both files, one of them, or an old processor_config.json."""
    from transformers import AutoImageProcessor

    nested, plain = (
        {**PLAIN, "resample": 1, "image_mean": [0.25] * 3},
        {**PLAIN, "resample": 3, "image_mean": [0.5] * 3},
    )
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", **SIZES, "image_size": 32}))
    for files in ({"processor_config.json": {"image_processor": nested}, "preprocessor_config.json": plain},
                  {"processor_config.json": {"processor_class": "X"}, "preprocessor_config.json": plain},
                  {"processor_config.json": {"image_processor": nested}}):  # fmt: skip
        for name, content in files.items():
            (tmp_path / name).write_text(json.dumps(content))
        theirs = AutoImageProcessor.from_pretrained(str(tmp_path), backend="pil")
        made = preprocess(elaborate(loads(imported(tmp_path, Asked(), tmp_path).text()), "imported"), Input())
        assert (made.interpolation, made.mean) == (RESAMPLE[theirs.resample], tuple(theirs.image_mean))
        for name in files:
            (tmp_path / name).unlink()


@pytest.mark.parametrize(
    ("nested", "text"), [({**PLAIN, "size": -1}, "image_processor.size = -1"), ([1], "image_processor = [1]")]
)
def test_a_processor_config_that_is_wrong_is_named(nested, text, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit", **SIZES, "image_size": 32}))
    (tmp_path / "processor_config.json").write_text(json.dumps({"image_processor": nested}))
    with pytest.raises(VitError) as problem:
        imported(tmp_path, Asked(), tmp_path)
    assert f"`{tmp_path / 'processor_config.json'}`: {text}" in problem.value.diagnostics[0].message


def test_a_model_type_without_a_class_needs_its_name(tmp_path):
    with pytest.raises(VitError) as problem:
        written(tmp_path, {"size": 32}, kind="dinov2_with_registers")
    assert "no image_processor_type" in problem.value.diagnostics[0].message
    assert written(tmp_path, SHORT, kind="dinov2_with_registers")[0].resize == 40
