"""What sections say of wrong values: at the value, in plain words, all at once."""

import pytest
import vitc
from vitc.diagnostics import VitError

MODEL = "vit 1\nmodel m = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 10 }\n"


def problems(tmp_path, text):
    path = tmp_path / "m.vit"
    path.write_text(f"{MODEL}{text}\n")
    with pytest.raises(VitError) as caught:
        vitc.check(path)
    lines = path.read_text().splitlines()
    found = [(d.code, d.message, d.span) for d in caught.value.diagnostics if d.span]
    return [
        (code, message, lines[span.line - 1][span.column - 1 :][: span.end - span.start])
        for code, message, span in found
    ]


@pytest.mark.parametrize(
    "text, code, message, place",
    [
        ("train { epochs = 0 }", "V0603", "`epochs` must be at least 1, not 0", "0"),
        ("train { epochs = 2.5 }", "V0603", "`epochs` takes a whole number, not 2.5", "2.5"),
        ("train { epochs = true }", "V0603", "`epochs` takes a whole number, not true", "true"),
        ('train { batch = "many" }', "V0603", '`batch` takes a whole number, not "many"', '"many"'),
        ("train { clip = 0 }", "V0603", "`clip` must be above 0, not 0", "0"),
        ("train { seed = -1 }", "V0603", "`seed` must be at least 0, not -1", "-1"),
        ("train { clip = fast }", "V0603", "`clip` takes a number, not `fast`", "fast"),
        ("train { no_decay = pos_embed }", "V0603", "`no_decay` takes a list in [ ], not `pos_embed`", "pos_embed"),
        ("train { no_decay = [1] }", "V0603", "`no_decay` takes a text in quotes, not 1", "[1]"),
        ("train { keep = first }", "V0603", "`keep` takes last or best, not `first`", "first"),
        ("train { optimizer = adamw(lr = -1) }", "V0603", "`lr` must be above 0, not -1", "-1"),
        ("train { optimizer = adamw(1, 2, [0.9, 0.99], 4, 5) }", "V0603", "`adamw` takes at most 4 values", "5"),
        ("train { optimizer = adamw(betas = [0.9]) }", "V0603", "`betas` holds too few values: [0.9]", "[0.9]"),
        ("train { optimizer = adamw(betas = [0.9, 1.5]) }", "V0603", "`betas` must be below 1, not 1.5", "[0.9, 1.5]"),
        ("train { optimizer = adamw(0.1, lr = 0.2) }", "V0204", "`lr` is given twice to `adamw`", "lr"),
        ("train { optimizer = adamw(lr = 1, lr = 2) }", "V0204", "`lr` is given twice to `adamw`", "lr"),
        ("train { optimizer = adamw(rate = 1) }", "V0602", "`adamw` has no `rate`", "rate"),
        ("train { optimizer = sgd(nesterov = true, momentum = 0) }", "V0603",
         "`sgd`: `nesterov` looks ahead along the momentum, which is 0", "sgd(nesterov = true, momentum = 0)"),
        ("train { optimizer = adamm }", "V0602", "there is no `adamm`", "adamm"),
        ("train { optimizer = 3 }", "V0603", "`optimizer` takes one of adamw, sgd, not 3", "3"),
        ("train { schedule = cosine(warmup = 5) }", "V0603",
         "`warmup` takes a length of training like `5 epochs` or `1000 steps`, not 5", "5"),
        ("train { augment = [flip, crop(padding = 0)] }", "V0603", "`padding` must be at least 1, not 0", "0"),
        ("train { augment = flip }", "V0603", "`augment` takes a list in [ ], not `flip`", "flip"),
        ("train { epoch = 3 }", "V0602", "section `train` has no `epoch`", "epoch"),
        ("data { source = image_folder }", "V0605", "`image_folder` needs `path`", "image_folder"),
        ('data { source = "digits", mean = grey }', "V0603",
         "`mean` takes a number, a number for each channel, or imagenet, inception, clip, not `grey`", "grey"),
        ("data { std = 0 }", "V0603", "`std` must be above 0, not 0", "0"),
        ("data { mean = [] }", "V0603",
         "`mean` takes a number, a number for each channel, or imagenet, inception, clip, not []", "[]"),
        ("data { mean { red = 0.5 } }", "V0603",
         "`mean` takes a number, a number for each channel, or imagenet, inception, clip, not `{ … }`", "mean { red = 0.5 }"),
        ("data { mean { red = 0.5, red = 1 } }", "V0204", "`mean.red` is set twice in this section", "red"),
        ("data { mean { expect 1 == 2 } }", "V0314", "`expect` stands in models and blocks", "expect 1 == 2"),
        ("data { mean = imagenet }", "V0606", "`mean` has 3 values, and pictures of `m` have 1 channel", "imagenet"),
        ("data { resize = 4 }", "V0606", "resize to 4 leaves less than the 8x8 of the model", "4"),
        ("data { resize = 9, crop = 0.8 }", "V0606",
         "`crop` and `resize` both say how large the picture is before the middle is cut out", "crop"),
        ("data { crop = 9 }", "V0603",
         "`crop` takes the share of the picture's side that is kept, from 0.01 to 1, not 9", "9"),
        ("data { validation = 1 }", "V0603", "`validation` must be below 1, not 1", "1"),
        ("data { source = digits(held_out = half) }", "V0603",
         "`held_out` takes every_fifth or last, not `half`", "half"),
        ("export { onnx = 8 }", "V0603", "`onnx` takes true, false or fp32, not 8", "8"),
        ("weights { file = 3 }", "V0603", "`file` takes a text in quotes, not 3", "3"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_at_its_place(tmp_path, text, code, message, place):
    assert problems(tmp_path, text) == [(code, message, place)]


@pytest.mark.parametrize(
    "text, code, place",
    [
        ("train { optimizer = lion(lr = 1) }", "V0602", "lion(lr = 1)"),
        ("train { augment = [flip, mixup(0.8)] }", "V0602", "mixup(0.8)"),
        ("train { ema = 0.999 }", "V0602", "ema"),
        ("train { precision = fp16 }", "V0603", "fp16"),
        ("train { keep = ema }", "V0603", "ema"),
        ("data { source = imagenet }", "V0602", "imagenet"),
        ("export { onnx = int8 }", "V0603", "int8"),
        ("export { coreml = true }", "V0602", "coreml"),
        ("weights { rename = [a] }", "V0602", "rename"),
    ],
)
def test_a_word_that_other_tools_know_is_unknown_like_any_other(tmp_path, text, code, place):
    ((found, message, at),) = problems(tmp_path, text)
    assert (found, at) == (code, place) and f"`{place.partition('(')[0]}`" in message


@pytest.mark.parametrize(
    "text, help",
    [
        ("train { optimizer = adam }", "did you mean `adamw`?; there is adamw, sgd"),
        ("train { schedule = cosin }", "did you mean `cosine`?; there is constant, cosine"),
        ("train { keep = lst }", "did you mean `last`?"),
        ("data { source = digit }", "did you mean `digits`?; there is digits, fake, image_folder, npz"),
    ],
)
def test_a_word_that_is_misspelt_is_suggested(tmp_path, text, help):
    path = tmp_path / "m.vit"
    path.write_text(f"{MODEL}{text}\n")
    with pytest.raises(VitError) as caught:
        vitc.check(path)
    assert [problem.help for problem in caught.value.diagnostics] == [help]


def test_all_problems_of_all_sections_come_at_once_in_the_order_of_the_text(tmp_path):
    found = problems(
        tmp_path,
        "train { epochs = 0, batch = 0, augment = [flip(p = 2), mixup], foo = 1 }\nexport { onnx = int8 }\n"
        "data { resize = 0 }",
    )
    assert [code for code, *_ in found] == ["V0603", "V0603", "V0603", "V0602", "V0602", "V0603", "V0603"]


def test_a_named_section_and_set_rebind_one_value(tmp_path):
    path = tmp_path / "m.vit"
    path.write_text(f"{MODEL}train {{ epochs = 3, batch = 8 }}\ntrain m {{ batch = 4 }}\n")
    from vitc.runtime.sections.train import Train

    made = Train.of(vitc.check(path, settings={"train.optimizer": "sgd(lr = 0.5, momentum = 0)"}))
    assert (made.epochs, made.batch, made.optimizer.name, made.optimizer.lr) == (3, 4, "sgd", 0.5)
    assert (made.schedule.name, made.criterion.name, made.precision) == ("cosine", "cross_entropy", "fp32")
    with pytest.raises(VitError) as caught:
        vitc.check(path, settings={"train.batch": "0"})
    (problem,) = caught.value.diagnostics
    assert problem.span and problem.span.source.name == "--set"
