"""ONNX files that vitc did not write, or that reach out of their folder: refused before ONNX Runtime sees them."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
import vitc
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from vitc.diagnostics import VitError
from vitc.runtime import onnx_file
from vitc.runtime.predict import Predictor, sigmoid, softmax

SPEC = "vit 1\nmodel m = vit { image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 4 }\n"
PROPS = {
    "vitc.preprocess": '{"channels": 3, "height": 8, "width": 8}',
    "vitc.classes": "[]",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("model")
    (root / "m.vit").write_text(SPEC)
    vitc.compile(root / "m.vit", out=root / "m", to=("onnx",), verify=False)
    Image.new("RGB", (8, 8)).save(root / "x.png")
    return root / "m"


def model(producer="vitc", props=PROPS, nodes=None, external=None, **fields):
    """y = mean(image) + w, as vitc would write it but for what is asked."""
    info = helper.make_tensor_value_info
    weight = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    if external is not None:
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        for key, value in external.items():
            weight.external_data.add(key=key, value=value)
    nodes = nodes or [
        helper.make_node("GlobalAveragePool", ["image"], ["a"]),
        helper.make_node("Flatten", ["a"], ["b"]),
        helper.make_node("Add", ["b", "w"], ["y"]),
    ]
    inputs, outputs = [info("image", 1, ["batch", 3, 8, 8])], [info("y", 1, ["batch", 3])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, [weight])
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 23)], producer_name=producer, ir_version=11, **fields
    )
    helper.set_model_props(made, dict(props))
    return made


def code(path):
    with pytest.raises(VitError) as caught:
        Predictor(path)
    assert caught.value.exit_status == 3
    return caught.value.diagnostics[0].code


def test_a_folder_and_its_file_alone_predict_the_same(folder, tmp_path):
    picture = folder.parent / "x.png"
    shutil.copy(folder / "model.onnx", tmp_path / "alone.onnx")
    (first,), (second,) = (Predictor(p).predict([picture], 2) for p in (folder, tmp_path / "alone.onnx"))
    assert first == second
    assert len(first.classes) == 2 and first.classes[0][1] >= first.classes[1][1]


def test_files_that_vitc_did_not_write(tmp_path, run_all):
    branch = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["z"])], "b", [], [helper.make_tensor_value_info("z", 1, [3])]
    )
    inner = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    constant = helper.make_node("Constant", [], ["y"], value=numpy_helper.from_array(np.zeros(3, np.float32)))
    custom = helper.make_node("Add", ["image", "w"], ["y"], domain="com.evil")
    function = helper.make_function("com.evil", "F", [], [], [], [helper.make_opsetid("", 23)])
    files = {
        "text": b"hello",
        "empty": b"",
        "zeros": bytes(1000),
        "another producer": model(producer="pytorch").SerializeToString(),
        "no metadata": model(props={}).SerializeToString(),
        "a subgraph": model(nodes=[inner]).SerializeToString(),
        "a tensor in an attribute": model(nodes=[constant]).SerializeToString(),
        "a custom operator": model(nodes=[custom]).SerializeToString(),
        "a function": model(functions=[function]).SerializeToString(),
        "another size": model(
            props={**PROPS, "vitc.preprocess": '{"channels": 3, "height": 9, "width": 8}'}
        ).SerializeToString(),
        "broken metadata": model(props={**PROPS, "vitc.preprocess": "{"}).SerializeToString(),
        "broken classes": model(props={**PROPS, "vitc.classes": "[1]"}).SerializeToString(),
        "deep classes": model(props={**PROPS, "vitc.classes": "[" * 100_000}).SerializeToString(),
        "an unknown activation": model(props={**PROPS, "vitc.activation": "eval"}).SerializeToString(),
        "no such operator": model(nodes=[helper.make_node("Evil", ["image"], ["y"])]).SerializeToString(),
        "a cut": model().SerializeToString()[:-60],
    }
    for name, content in files.items():
        (tmp_path / f"{name}.onnx").write_bytes(content)
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png")
    for name in [*files, "none", "x" * 300]:
        assert code(tmp_path / f"{name}.onnx") in ("V0806", "V0807", "V0808"), name
    # The command says the same, whatever it is that is wrong: no file, no protobuf, another graph, what ONNX Runtime refuses.
    told = ("none", "text", "a function", "no such operator")
    commands = [["predict", tmp_path / f"{name}.onnx", tmp_path / "x.png"] for name in told]
    for command, (status, out, err) in zip(commands, run_all(commands), strict=True):
        assert (status, out) == (3, ""), (command, out)
        assert err.startswith(("error[V0806]", "error[V0807]", "error[V0808]")), (command, err)


@pytest.mark.parametrize(
    "entries",
    [
        {"location": "../secret"},
        {"location": "/etc/passwd"},
        {"location": "secret"},
        {"location": "sub/../m.onnx.data"},
        {"location": "./m.onnx.data"},
        {"location": "m.onnx.data\x00"},
        {},
        {"location": "m.onnx.data", "offset": "-12"},
        {"location": "m.onnx.data", "length": "99999999999999"},
        {"location": "m.onnx.data", "length": "1" * 5000},
        {"location": "m.onnx.data", "offset": "8"},
        {"location": "m.onnx.data", "__class__": "x"},
    ],
)
def test_external_data_that_lies_elsewhere(tmp_path, entries, monkeypatch):
    monkeypatch.setattr(onnx_file, "session", None)  # calling it would fail the test
    for name in ("secret", "m.onnx.data"):
        (tmp_path / name).write_bytes(bytes(12))
    complete = {"offset": "0", "length": "12", **entries} if entries else {}
    (tmp_path / "m.onnx").write_bytes(model(external=complete).SerializeToString())
    assert code(tmp_path / "m.onnx") == "V0810"


@pytest.mark.parametrize("kind", ["a symbolic link", "a hard link", "a fifo", "a folder", "missing"])
def test_external_data_that_is_no_file_of_its_own(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(onnx_file, "session", None)
    (tmp_path / "secret").write_bytes(bytes(12))
    data = tmp_path / "m.onnx.data"
    if kind == "a symbolic link":
        data.symlink_to("secret")
    if kind == "a hard link":
        os.link(tmp_path / "secret", data)
    if kind == "a fifo":
        os.mkfifo(data)
    if kind == "a folder":
        data.mkdir()
    entries = {"location": "m.onnx.data", "offset": "0", "length": "12"}
    (tmp_path / "m.onnx").write_bytes(model(external=entries).SerializeToString())
    assert code(tmp_path / "m.onnx") == "V0810"


def test_external_data_beside_the_file_is_read(tmp_path):
    (tmp_path / "m.onnx.data").write_bytes(np.array([1, 2, 9], np.float32).tobytes())
    entries = {"location": "m.onnx.data", "offset": "0", "length": "12"}
    (tmp_path / "m.onnx").write_bytes(model(external=entries).SerializeToString())
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png")
    (found,) = Predictor(tmp_path / "m.onnx").predict([tmp_path / "x.png"], 1)
    assert found.classes[0][0] == "2" and found.classes[0][1] > 0.99


def test_a_manifest_vouches_for_the_file_of_a_folder(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "m")
    with (tmp_path / "m" / "model.onnx").open("ab") as file:
        file.write(b"\x00")
    assert code(tmp_path / "m") == "V0804"


def test_numbers_that_are_none_are_said_to_be_none(folder, tmp_path):
    made = onnx.load(folder / "model.onnx")
    (bias,) = (t for t in made.graph.initializer if t.name == "head.bias")
    bias.CopyFrom(numpy_helper.from_array(np.array([np.nan, 0, 0, np.inf], np.float32), "head.bias"))
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(VitError) as caught:
        Predictor(tmp_path / "m.onnx").predict([folder.parent / "x.png"], 1)
    assert caught.value.diagnostics[0].code == "V0811"


def test_probabilities_of_large_numbers():
    np.testing.assert_array_equal(softmax(np.array([1e4, 1e4, -1e4])), [0.5, 0.5, 0])
    np.testing.assert_array_equal(sigmoid(np.array([1e4, 0, -1e4])), [1, 0.5, 0])


def test_predictions_as_data(folder, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "vitc", "predict", folder, folder.parent / "x.png", "--top", "2", "--format", "json"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    (found,) = json.loads(done.stdout)
    assert found["picture"].endswith("x.png")
    assert [set(entry) for entry in found["classes"]] == [{"name", "probability"}] * 2
