"""The names of classes in a configuration of transformers reach `predict`, or are refused."""

import json
import re

import pytest
import vitc
from vitc.application.import_ import import_spec
from vitc.diagnostics import VitError
from vitc.runtime.importing.sheet import Asked

SMALL = {"model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 32, "num_hidden_layers": 1,
         "num_attention_heads": 4, "intermediate_size": 64, "image_size": 32, "patch_size": 8}  # fmt: skip


@pytest.fixture
def named(tmp_path):
    """`named(**config)`: the names that the compiled model would print, its outputs, and the text of the sheet."""

    def found(**config):
        from vitc.runtime.sections.data import Data

        (tmp_path / "config.json").write_text(json.dumps({**SMALL, **config}))
        import_spec(str(tmp_path), str(tmp_path / "mine.vit"), Asked(), force=True)
        program = vitc.check(tmp_path / "mine.vit")
        names = Data.of(program).classes if "data" in program.sections else None
        return names, program.root.params["classes"], (tmp_path / "mine.vit").read_text()

    return found


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"0": "cat", "1": "dog"}, ["cat", "dog"]),
        ({"1": "dog", "0": "cat"}, ["cat", "dog"]),
        ({str(i): f"c{i}" for i in range(12)}, [f"c{i}" for i in range(12)]),
        ({"0": 3, "1": 0.5}, ["3", "0.5"]),
        (["cat", "dog"], ["cat", "dog"]),
        ({"0": 'a "b"', "1": "c\\d", "2": "e\nf", "3": "g\th", "4": "naïve 猫 🐈", "5": "{x} # y"},
         ['a "b"', "c\\d", "e\nf", "g\th", "naïve 猫 🐈", "{x} # y"]),
        ({"0": "crane", "1": "dog", "2": "crane"}, ["crane", "dog", "crane (2)"]),
    ],
)  # fmt: skip
def test_names_survive_as_text(given, wanted, named):
    names, classes, _ = named(id2label=given)
    assert (names, classes) == (wanted, len(wanted))


def test_the_names_are_in_what_is_compiled(named, tmp_path):
    named(id2label={"0": "cat", "1": "dog"})
    manifest = vitc.compile(tmp_path / "mine.vit", out=tmp_path / "out", to=("onnx",), verify=False)
    assert manifest["classes"] == ["cat", "dog"]


def test_placeholders_of_transformers_are_no_names(named):
    names, classes, text = named(id2label={"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"})
    assert (names, classes) == (None, 3)
    assert "LABEL" not in text


@pytest.mark.parametrize("given", [{"id2label": {}}, {"num_labels": 0}])
def test_no_classes(given, named, tmp_path):
    with pytest.raises(KeyError):  # `classes = none` is no number
        named(**given)
    assert re.search(r"classes +=\s+none", (tmp_path / "mine.vit").read_text())


def test_gaps_and_contradictions_are_said(named):
    names, classes, text = named(id2label={"1": "cat", "2": "dog"}, num_labels=5)
    assert (names, classes) == (["0", "cat"], 2)
    assert "# id2label has no name for output 0: its number stands in `classes`" in text
    assert "# id2label names output 2, and the model has 2: left out" in text
    assert "# num_labels is 5 and id2label has 2 names: transformers counts the names" in text


def test_many_names_are_a_wrapped_list(named):
    names, classes, text = named(id2label={str(i): f"class number {i}" for i in range(1000)})
    assert classes == len(names or ()) == 1000
    lines = text.splitlines()
    assert len(lines) < 250
    assert max(map(len, lines)) <= 120
    _, classes, text = named(id2label={str(i): f"class number {i}" for i in range(21_843)})
    assert classes == 21_843
    assert "# id2label names 21,843 classes, more than the 10,000 that a list of a spec holds: left out" in text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"0": "a\u2028b"}, 'id2label.0 = "a\\u2028b": U+2028 (line separator) has no place in a spec'),
        ({"0": "a", "1": "\u202eb"}, "id2label.1"),
        ({"0": "\x1b]0;x"}, "U+001B"),
        ({"0": "\ud800"}, "U+D800 (half of a character)"),
        ({"0": "a\rb"}, "U+000D"),
        ({"cat": 0}, "id2label.cat = 0"),
        ({"-1": "a"}, "id2label.-1"),
        ({"0": "a", "00": "b"}, "id2label.00"),
        ({"0": None}, "id2label.0 = null"),
        ({"0": ["a"]}, 'id2label.0 = ["a"]'),
        ({"0": True}, "id2label.0 = true"),
        ({"0": ""}, 'id2label.0 = ""'),
        ({"9" * 5000: "a"}, "id2label.999"),
        ("cat", 'id2label = "cat"'),
    ],
)
def test_what_is_no_name_is_refused(given, text, named, tmp_path):
    with pytest.raises(VitError) as problem:
        named(id2label=given)
    assert problem.value.diagnostics[0].code == "V0713"
    assert text in problem.value.diagnostics[0].message
    assert not (tmp_path / "mine.vit").exists()


def test_several_labels_at_once_are_probabilities_of_their_own(named, tmp_path):
    from vitc.runtime.sections.train import Train

    named(id2label={"0": "cat", "1": "dog"}, problem_type="multi_label_classification")
    assert "train { criterion = bce }" in (tmp_path / "mine.vit").read_text()
    assert Train.of(vitc.check(tmp_path / "mine.vit")).criterion.activation == "sigmoid"


def test_unknown_keys_and_dropout_are_said(named):
    _, _, text = named(_name_or_path="x/y", hidden_dropout_prob=0.1, torch_dtype="float16", my_key=3, use_cache=True)
    assert "# hidden_dropout_prob = 0.1 acts in training only and is not carried over" in text
    assert '# transformers\' class does not read "my_key": passed over' in text
    assert "use_cache" not in text
