"""Graphs that vitc would not write, and whose faults show when they are loaded or run: each is contained and has a code."""

import os
import random
import subprocess
import sys

import numpy as np
import onnx
import pytest
import vitc
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from PIL import Image
from vitc.diagnostics import VitError
from vitc.runtime.answers import answers
from vitc.runtime.guard import Child, Ended
from vitc.runtime.limits import GIB, Limits
from vitc.runtime.predict import Predictor
from vitc.runtime.prediction import Failure

PROPS = {"vitc.preprocess": '{"channels": 3, "height": 8, "width": 8}', "vitc.classes": "[]"}
IMAGE = ("image", T.FLOAT, ["batch", 3, 8, 8])
info, node = helper.make_tensor_value_info, helper.make_node
#: The mean of each channel, [batch, 3], is the value `b`.
MEANS = [node("GlobalAveragePool", ["image"], ["a"]), node("Flatten", ["a"], ["b"])]


def graph(nodes, output=("y", T.FLOAT, ["batch", 3]), image=IMAGE, props=PROPS, **weights):
    """A model as vitc writes it around some nodes; `image` and `output` are name, element type and shape, or as they are."""
    inputs, outputs = ([info(*one) if isinstance(one, tuple) else one] if one else [] for one in (image, output))
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    made = helper.make_graph(nodes, "g", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", 23)]
    model = helper.make_model(made, opset_imports=opsets, producer_name="vitc", ir_version=11)
    helper.set_model_props(model, dict(props))
    return model


def cast(to):
    return [*MEANS, node("Cast", ["b"], ["y"], to=to)], ("y", to, ["batch", 3])


def taking(kind, shape=("batch", 3, 8, 8)):
    nodes = [node("Cast", ["image"], ["c"], to=T.FLOAT), node("GlobalAveragePool", ["c"], ["a"])]
    return graph([*nodes, node("Flatten", ["a"], ["y"])], image=("image", kind, list(shape)))


SAME = [*MEANS, node("Identity", ["b"], ["y"])]
AXES = {"image": 1, "all": (1, 2, 3), "batch": 0}
OPTIONAL = helper.make_value_info("y", helper.make_optional_type_proto(helper.make_tensor_type_proto(1, ["batch", 3])))
WITHOUT_INPUT = graph([node("Identity", ["w"], ["y"])], image=None, w=np.zeros((1, 3), np.float32))
TWO = graph([*MEANS, node("Add", ["b", "other"], ["y"])])
TWO.graph.input.append(info("other", T.FLOAT, [3]))


def summed(*axes, keep=0, of="image", shape=("batch",)):
    return graph([*MEANS, node("ReduceSum", [of, "axes"], ["y"], keepdims=keep)], ("y", T.FLOAT, list(shape)),
                 axes=np.array(axes, np.int64))  # fmt: skip


REFUSED = {
    "a scalar": ("V0816", graph([node("ReduceSum", ["image"], ["y"], keepdims=0)], ("y", T.FLOAT, []))),
    "a number a picture": ("V0816", summed(1, 2, 3)),
    "a map a picture": ("V0816", summed(1, shape=("batch", 8, 8))),
    "empty rows": ("V0816", graph([*MEANS, node("Slice", ["b", "z", "z", "o"], ["y"])], ("y", T.FLOAT, ["batch", "n"]),
                                  z=np.zeros(1, np.int64), o=np.ones(1, np.int64))),
    "text": ("V0816", graph(*cast(T.STRING))),
    "integers": ("V0816", graph(*cast(T.INT64))),
    "truth values": ("V0816", graph(*cast(T.BOOL))),
    "bfloat16": ("V0816", graph(*cast(T.BFLOAT16))),
    "a sequence": ("V0816", graph([*MEANS, node("SequenceConstruct", ["b"], ["y"])],
                                  helper.make_tensor_sequence_value_info("y", 1, ["batch", 3]))),
    "an optional": ("V0816", graph([*MEANS, node("Optional", ["b"], ["y"])], OPTIONAL)),
    "no output": ("V0816", graph(SAME, None)),
    "an output that is not there": ("V0808", graph(SAME, ("z", T.FLOAT, ["batch", 3]))),
    "twice the batch": ("V0816", graph([*MEANS, node("Concat", ["b", "b"], ["y"], axis=0)], ("y", T.FLOAT, ["n", 3]))),
    "the batch summed": ("V0816", summed(0, keep=1, of="b", shape=("n", 3))),
    "int64 pictures": ("V0817", taking(T.INT64)),
    "uint8 pictures": ("V0817", taking(T.UINT8)),
    "float16 pictures": ("V0817", taking(T.FLOAT16)),
    "float64 pictures": ("V0817", taking(T.DOUBLE)),
    "a picture without a batch": ("V0817", summed(1, 2, shape=(3,))),
    "five axes": ("V0817", taking(T.FLOAT, ("batch", 3, 8, 8, 1))),
    "a batch of none": ("V0817", taking(T.FLOAT, (0, 3, 8, 8))),
    "an input without a shape": ("V0817", graph(SAME, image=("image", T.FLOAT, None))),
    "two inputs": ("V0817", TWO),
    "no input": ("V0817", WITHOUT_INPUT),
    "fewer names than classes": ("V0818", graph(SAME, props={**PROPS, "vitc.classes": '["a", "b"]'})),
    "more names than classes": ("V0818", graph(SAME, props={**PROPS, "vitc.classes": '["a", "b", "c", "d"]'})),
}  # fmt: skip
REFUSED["a picture without a batch"][1].graph.input[0].CopyFrom(info("image", T.FLOAT, [3, 8, 8]))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Five colors, so that the means of the channels are known."""
    root = tmp_path_factory.mktemp("pictures")
    for number in range(5):
        Image.new("RGB", (8, 8), (51 * number, 0, 255 - 51 * number)).save(root / f"{number}.png")
    return [str(root / f"{number}.png") for number in range(5)]


def saved(tmp_path, model):
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_what_takes_or_gives_something_else_is_refused(tmp_path, pictures, name):
    code, model = REFUSED[name]
    images = [np.zeros((3, 8, 8), np.float32)] * 2
    with pytest.raises(VitError) as caught:
        Predictor(saved(tmp_path, model)).answers(pictures[:2], images, 1)
    assert (caught.value.diagnostics[0].code, caught.value.exit_status) == (code, 3)


FIXED = graph(SAME, ("y", T.FLOAT, [2, 3]), image=("image", T.FLOAT, [2, 3, 8, 8]))
ACCEPTED = {
    "a free batch": graph(SAME),
    "a batch of one": graph(SAME, ("y", T.FLOAT, [1, 3]), image=("image", T.FLOAT, [1, 3, 8, 8])),
    "a batch of two": FIXED,
    "a batch of one that nobody declared": graph([*MEANS, node("Reshape", ["b", "s"], ["y"])], s=np.array([1, 3])),
    "axes without numbers": graph(SAME, image=("image", T.FLOAT, ["b", "c", "h", "w"])),
    "float16 logits": graph(*cast(T.FLOAT16)),
    "float64 logits": graph(*cast(T.DOUBLE)),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_kind_of_batch_gives_each_picture_its_own_answer(tmp_path, pictures, name):
    """The right value is the softmax of the mean of each channel, counted by hand: pixels are value / 255."""
    model = ACCEPTED[name]
    model.metadata_props.add(key="vitc.activation", value="none")
    found = list(answers(saved(tmp_path, model), pictures, 3))
    for number, answer in enumerate(found):
        assert not isinstance(answer, Failure)
        values = dict(answer.classes)
        expected = [51 * number / 255, 0, (255 - 51 * number) / 255]
        np.testing.assert_allclose([values[str(i)] for i in range(3)], expected, atol=1e-3 if "16" in name else 1e-6)
    assert [answer.picture for answer in found] == pictures


def sized(*shape):
    """Repeats the means along a new axis of so many numbers and adds them up."""
    nodes = [*MEANS, node("Expand", ["b", "s"], ["e"]), node("ReduceSum", ["e", "axes"], ["y"], keepdims=0)]
    return graph(nodes, s=np.array(shape, np.int64), axes=np.zeros(1, np.int64))


FAILING = {
    "a shape that fits no picture": ("V0812", graph([*MEANS, node("Reshape", ["b", "s"], ["y"])], s=np.array([7, -1]))),
    "terabytes": ("V0814", sized(2**38, 1, 3)),
    "more than this machine has": ("V0814", sized(2**33, 1, 3)),
    "no number": ("V0811", graph([*MEANS, node("Div", ["b", "z"], ["y"])], z=np.zeros(3, np.float32))),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_while_it_runs_is_a_failure_of_each_picture(tmp_path, pictures, name):
    code, model = FAILING[name]
    found = list(answers(saved(tmp_path, model), pictures[:2], 1))
    assert [(type(one), getattr(one, "code", None)) for one in found] == [(Failure, code)] * 2


def predict(model, *pictures, limits="", **variables):
    command = ["bash", "-c", f'{limits} exec "$@"', "-", sys.executable, "-m", "vitc", "predict", model, *pictures]
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


def test_a_batch_larger_than_the_machine_is_no_traceback(tmp_path, pictures):
    huge = graph(SAME, ("y", T.FLOAT, [2**40, 3]), image=("image", T.FLOAT, [2**40, 3, 8, 8]))
    done = predict(saved(tmp_path, huge), pictures[0])
    assert (done.returncode, done.stdout) == (3, "") and done.stderr.startswith("error[V0814]")


def endless():
    """Three products of matrices of 16,000 x 16,000: 12 * 10^12 multiply-accumulates."""
    nodes = [node("Expand", ["o", "s"], ["q0"])]
    nodes += [node("MatMul", [f"q{i}", "q0"], [f"q{i + 1}"]) for i in range(3)]
    nodes += [node("ReduceSum", ["q3"], ["r"], keepdims=0), *MEANS, node("Add", ["b", "r"], ["y"])]
    return graph(nodes, o=np.ones(1, np.float32), s=np.array([16000, 16000]))


def test_the_limits_of_the_user_hold(tmp_path, pictures):
    path = saved(tmp_path, endless())
    done = predict(path, pictures[0], limits="ulimit -t 4;")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error[V0815]") and "`ulimit -t`" in done.stderr
    done = predict(saved(tmp_path, sized(2**28, 1, 3)), pictures[0], limits="ulimit -v 1500000;")
    assert (done.returncode, done.stdout) == (3, "") and done.stderr.startswith("error[V0814]")
    done = predict(saved(tmp_path, graph(SAME)), pictures[0], limits="ulimit -v 120000;")
    assert (done.returncode, done.stdout) == (3, "") and "`ulimit -v`" in done.stderr, done.stderr


def test_limits_are_lowered_and_never_raised():
    script = """
import json, resource, sys
from vitc.runtime.limits import GIB, Limits
resource.setrlimit(resource.RLIMIT_AS, (3 * GIB, 5 * GIB))
resource.setrlimit(resource.RLIMIT_CPU, (1000, 2000))
Limits(4 * GIB, 1500, 1).held()
print(json.dumps([resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_CORE)]))
Limits(4 * GIB, 1500, 1).held()
Limits(GIB, 10, 1).held()
print(json.dumps([resource.getrlimit(kind) for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_CORE)]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    first, second = (eval(line) for line in done.stdout.splitlines())
    assert first == [[3 * GIB, 4 * GIB], [1000, 1501], [0, 0]]
    assert second == [[GIB, GIB], [10, 11], [0, 0]]


def test_limits_grow_with_the_file():
    small, large = Limits.of(10_000, 1), Limits.of(4 * GIB, 1)
    assert small.memory >= 4 * GIB and large.memory - small.memory > 4 * GIB
    assert (small.step, large.step) == (120, 600)


STUB = """
import faulthandler, sys, time
class SessionOptions: pass
class Value:
    name, type, shape = "x", "tensor(float)", ["batch", 3, 8, 8]
class InferenceSession:
    def __init__(self, *_, **__): {load}
    def get_inputs(self): return [Value]
    def get_outputs(self): return [Value]
    def run(self, *_):
        sys.stdout.write('{{"answers": "forged"}}'); sys.stdout.flush()
        sys.stderr.write("\\x1b]0;title\\x07 words" * 20_000 + "\\n")
        {run}
"""
ENDS = {
    "loading": ("faulthandler._sigsegv()", "pass", "V0813", "SIGSEGV"),
    "running": ("pass", "faulthandler._sigsegv()", "V0813", "SIGSEGV"),
    "an abort": ("pass", "faulthandler._sigabrt()", "V0813", "SIGABRT"),
    "a killed process": ("pass", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "V0814", "killed"),
    "an exit": ("pass", "import os; os._exit(7)", "V0813", "words"),
    "a C++ exception": ("pass", "sys.stderr.write('what(): std::bad_alloc\\n'); faulthandler._sigabrt()", "V0814", ""),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_runtime_that_ends_its_process_does_not_end_the_command(tmp_path, pictures, name):
    """A module in the place of ONNX Runtime dies as that has died of hostile graphs; what it prints reaches no terminal raw."""
    load, run, code, word = ENDS[name]
    (tmp_path / "onnxruntime.py").write_text(STUB.format(load=load, run=run))
    done = predict(saved(tmp_path, graph(SAME)), pictures[0], PYTHONPATH=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"error[{code}]") and word in done.stderr
    assert "\x1b" not in done.stderr and "\x07" not in done.stderr and len(done.stderr) < 1000


def test_a_process_that_says_nothing_is_ended(tmp_path, monkeypatch):
    (tmp_path / "sleeps.py").write_text("import time; time.sleep(100)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Child("sleeps", {}) as child, pytest.raises(Ended, match="longer than 1 seconds") as caught:
        child.read(1)
    assert caught.value.cause == "time"
    assert child._process.returncode == -9


def test_an_interrupt_is_not_the_fault_of_a_picture(tmp_path, monkeypatch):
    """The process that decodes has the signal of the terminal as well, and may end first."""
    signalled = "import os, signal\nprint('{\"decoding\": 0}', flush=True)\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "interrupted.py").write_text(signalled)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("vitc.runtime.answers._CHILD", "interrupted")
    with pytest.raises(VitError, match="SIGINT"):
        list(answers(tmp_path / "any.onnx", ["a.png"], 1))


ANY = ["vitc.runtime.artefact", "numpy", "onnx", "onnxruntime", "PIL", "torch"]


def test_nothing_that_reads_foreign_bytes_is_in_the_process_of_the_user(tmp_path, pictures):
    path = saved(tmp_path, graph(SAME))
    script = f"""
import sys
sys.argv = ["vitc", "predict", {str(path)!r}, {pictures[0]!r}]
from vitc.cli.main import app
app(standalone_mode=False)
print([name for name in {ANY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_names_in_a_graph_move_no_terminal(tmp_path, pictures):
    evil = "\x1b]0;evil\x07\x1b[2J\u202e"
    names = '["\\u001b[2Ja", "b\\u202e", "c\\nd"]'
    failing = graph([*MEANS, node("Reshape", ["b", "s"], ["y"], name=evil)], s=np.array([7, -1]))
    unknown = graph([*MEANS, node(evil, ["b"], ["y"], name=evil)])
    named = graph(SAME, props={**PROPS, "vitc.classes": names})
    for form, model in (("text", failing), ("csv", failing), ("text", unknown), ("text", named), ("csv", named)):
        done = predict(saved(tmp_path, model), *pictures[:2], "--format", form)
        assert done.returncode == (0 if model is named else 3) and "Traceback" not in done.stderr
        assert not any(sign in done.stdout + done.stderr for sign in "\x1b\x07\u202e")


SPEC = "vit 1\nmodel m = vit { image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 4 }\n"


def flipped(data, rng):
    """Bytes of the tensors and of all else changed in place, so that the lengths in the file still hold."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def twisted(data, rng):
    """A file that can be read and says something else: shapes, types, names, attributes, operators, data, inputs, outputs."""
    made = onnx.ModelProto.FromString(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):  # most faults stop it at loading: few of them let more files run
        node, tensor = rng.choice(made.graph.node), rng.choice(made.graph.initializer)
        match rng.choice([*range(11), 7, 7, 7, 9, 9, 9, 10, 10]):
            case 0 if tensor.dims:
                tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice([0, -1, 1, 7, 2**31, 2**62])
            case 1:
                tensor.data_type = rng.randrange(1, 24)
            case 2:
                tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data) + 1)]
            case 3 if node.input:
                node.input[rng.randrange(len(node.input))] = rng.choice(
                    [n.output[0] for n in made.graph.node if n.output]
                )
            case 4:
                node.op_type = rng.choice(
                    ["Attention", "Reshape", "Loop", "Conv", "Gather", "Slice", "LSTM", "Split", "Pad"]
                )
            case 5:
                node.attribute.append(helper.make_attribute(rng.choice(["axis", "perm", "pads", "scale"]), [-9, 2**40]))
            case 6:
                del node.output[:]
            case 7:  # another output: integers, a shape, a scalar, what a layer gives
                node = rng.choice([n for n in made.graph.node if n.output] or [node])
                kind = rng.choice(["Shape", "ReduceSum", "SequenceConstruct", "Identity", "ArgMax"])
                made.graph.node.append(helper.make_node(kind, [rng.choice([*node.output, "image"])], ["other"]))
                made.graph.output[0].name = "other"
                made.graph.output[0].ClearField("type")
            case 8:
                made.graph.input[0].type.tensor_type.elem_type = rng.randrange(1, 17)
            case 9:
                axis = made.graph.input[0].type.tensor_type.shape.dim[rng.randrange(4)]
                axis.dim_value = rng.choice([0, -1, 1, 2, 3, 8, 2**20, 2**40])
            case _ if tensor.data_type == T.INT64 and tensor.raw_data:
                count = len(tensor.raw_data) // 8
                values = [rng.choice([-1, 0, 1, 2**31, 2**40, 2**62]) for _ in range(count)]
                tensor.raw_data = np.array(values, np.int64).tobytes()
    return made.SerializeToString()


@pytest.mark.slow
def test_two_hundred_mutated_graphs_do_not_end_the_process(tmp_path, pictures):
    """Whatever ONNX Runtime does with them, loading or running, the parent says so with a code, or has answers."""
    (tmp_path / "m.vit").write_text(SPEC)
    vitc.compile(tmp_path / "m.vit", out=tmp_path / "m", to=("onnx",), verify=False)
    data, rng = (tmp_path / "m" / "model.onnx").read_bytes(), random.Random(0)
    said = []
    for number in range(200):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes((flipped if number % 3 == 0 else twisted)(data, rng))
        try:
            said += [one.code if isinstance(one, Failure) else "answered" for one in answers(path, pictures[:1], 1)]
        except VitError as problem:
            said.append(problem.diagnostics[0].code)
    assert len(said) == 200
    assert set(said) <= {"answered", "V0807", "V0808", "V0810", *(f"V08{n}" for n in range(11, 19))}
    assert said.count("V0808") > 40 and said.count("answered") > 10 and said.count("V0816") > 10
