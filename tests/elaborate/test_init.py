"""The section `init`: patterns of names, and what a model inherits."""

import pytest
from programs import loads
from vitc.compiler.elaborate import check, elaborate
from vitc.compiler.elaborate.library import load
from vitc.compiler.ir.program import Draw
from vitc.diagnostics import VitError

NET = """vit 1

block net(image: shape = 8x8x3, wide = false) {
  stem   = [conv2d(4, kernel = 2), batchnorm]
  blocks = [linear(6) for i in 0 .. 3]
  top    = if wide then linear(5) else identity

  forward(image: [C, H, W]) { return top(blocks(mean(stem(image), axis = [-2, -1]))) }
}
"""


def made(text, name="m", overrides=None):
    """What each weight starts from."""
    return {path: spec.init for path, spec in elaborate(loads(text), name, overrides).weights().items()}


#: A pattern, and the weights of `NET` that it names.
PATTERNS = {
    "blocks.{i}.{p}": [f"blocks.{i}.{kind}" for i in range(3) for kind in ("weight", "bias")],
    "{*}.bias": ["stem.0.bias", "stem.1.bias", *[f"blocks.{i}.bias" for i in range(3)]],
    "{*}": ["stem.0.weight", "stem.0.bias", "stem.1.weight", "stem.1.bias", *[f"blocks.{i}.{kind}" for i in range(3) for kind in ("weight", "bias")]],
    "stem.{*}": ["stem.0.weight", "stem.0.bias", "stem.1.weight", "stem.1.bias"],
    "{*}s.{i}.weight": [f"blocks.{i}.weight" for i in range(3)],
    "b{*}s.{i}.{p}": [f"blocks.{i}.{kind}" for i in range(3) for kind in ("weight", "bias")],
    "stem.1.running_var": ["stem.1.running_var"],
}  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_names_weights(pattern):
    before = made(NET + "model m = net\n")
    after = made(NET + f'model m = net\ninit {{ "{pattern}" = 0.125 }}\n')
    assert [path for path in after if after[path] == 0.125] == PATTERNS[pattern]
    assert {path: init for path, init in after.items() if init != 0.125} == {path: before[path] for path in before if path not in PATTERNS[pattern]}  # fmt: skip
    assert made(NET + "model m = net\n", overrides={f"init.{pattern}": "0.125"}) == after


def test_a_number_of_a_pattern_is_known_in_its_value_and_later_lines_win():
    text = (
        NET
        + 'model m = net\ninit { "{*}.weight" = normal(0.5), "{*}s.{i}.weight" = normal(0.1 * (i + 1)), "blocks.1.{p}" = 0.0 }\n'
    )
    found = made(text)
    assert found["stem.0.weight"] == Draw("normal", (0.5,))
    assert [found[f"blocks.{i}.weight"] for i in range(3)] == [Draw("normal", (0.1,)), 0.0, Draw("normal", (0.1 * 3,))]


@pytest.mark.parametrize(
    "pattern", ["{*}.nothing", "blocks.{*}.{i}.weight", "{}", "{*", "blocks.{i}.{i}", "{p}.weight"]
)
def test_a_pattern_that_names_nothing_is_refused(pattern):
    (found,) = check(loads(NET + f'model m = net\ninit {{ "{pattern}" = 0.0 }}\n'), "m").problems
    assert found.code == "V0607" and found.span and found.span.text == f'"{pattern}"'


FILES = {
    "a.vit": NET + 'model a = net\nmodel other = net\ninit { "{*}.bias" = 1.0 }\n'
    + 'init a { "blocks.0.bias" = 2.0, "blocks.1.bias" = 2.0 }\ninit other { "blocks.2.bias" = 9.0 }\n',
    "b.vit": 'vit 1\nuse "a.vit"\nmodel b = a\ninit b { "blocks.1.bias" = 3.0, "stem.0.bias" = 3.0 }\n',
    "c.vit": 'vit 1\nuse "b.vit"\nmodel m = b { wide = true }\ninit { "stem.0.bias" = 4.0 }\n',
}  # fmt: skip


def test_init_is_inherited_across_files_as_sheets_are(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    weights = elaborate(load(tmp_path / "c.vit"), "m").weights()
    found = {path: spec.init for path, spec in weights.items() if path.endswith("bias")}
    assert found == {
        "stem.0.bias": 4.0,
        "stem.1.bias": 1.0,
        "blocks.0.bias": 2.0,
        "blocks.1.bias": 3.0,
        "blocks.2.bias": 1.0,
        "top.bias": 1.0,
    }
    set_here = elaborate(load(tmp_path / "c.vit"), "m", {"init.blocks.0.bias": "5.0"}).weights()
    assert set_here["blocks.0.bias"].init == 5.0


def test_init_is_inherited_inside_a_file_and_reads_the_parameters_as_finally_set():
    text = "vit 1\nmodel a = vit { image = 32x32x3, patch = 8, dim = 24, depth = 1, heads = 2 }\ninit a { cls_token = 1.0 / dim }\nmodel m = a { dim = 48 }\n"
    assert (made(text, "a")["cls_token"], made(text)["cls_token"]) == (1.0 / 24, 1.0 / 48)


def test_an_inherited_line_whose_weight_is_gone_says_nothing_and_an_own_one_is_refused():
    text = NET + "model a = net { wide = true }\ninit a { top.weight = 0.5 }\nmodel m = a { wide = false }\n"
    assert made(text, "a")["top.weight"] == 0.5
    assert "top.weight" not in made(text)
    with pytest.raises(VitError) as refused:
        made(text + "init m { top.weight = 0.5 }\n")
    assert [d.code for d in refused.value.diagnostics] == ["V0607"]
