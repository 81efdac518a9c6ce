"""`compile`, `predict`, `doctor` and what all commands have in common, as a user drives them."""

import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import vitc
from vitc.diagnostics import VitError

SPEC = """vit 1
model a = vit {
  image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 3
  input { mean = 0.5, std = 0.5, interpolation = bilinear, crop = 1.0 }
}
model b = a { depth = 2 }
"""


NAMED = """vit 1

model a = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 2, input { mean = 0.5, std = 0.5 } }
data { DATA }
"""


def run(*args, cwd, **options):
    command = [sys.executable, "-m", "vitc", *map(str, args)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.fixture
def here(tmp_path):
    (tmp_path / "m.vit").write_text(SPEC)
    return tmp_path


def test_compile_writes_where_it_says_and_shows_what_was_compared(here):
    done = run("compile", "m.vit", "--model", "b", "--set", "classes=4", "--seed", "1", cwd=here)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first.startswith("b: ") and first.endswith("in out/b/")
    assert {line.split()[0] for line in rest} >= {"model.py", "model.ts", "model.onnx", "model.safetensors"}
    assert "verified against PyTorch in float64" in done.stdout
    manifest = json.loads((here / "out" / "b" / "manifest.json").read_text())
    assert manifest["outputs"] == {"logits": ["batch", 4]}
    assert manifest["seed"] == 1
    assert set(manifest["versions"]) == {"vitc", "torch", "onnx"}


@pytest.mark.parametrize(("data", "sets", "gives"), [
    ('classes = ["x", "y"]', ["classes=3"], "`classes` gives 2 class names, and `a` gives 3 numbers"),
    ("source = digits", ["classes=5"], "`source` gives 10 class names, and `a` gives 5 numbers"),
    ('classes = ["x", "y"]', ["classes=2", "pool=none"], "gives an output of shape [5, 2]"),
])  # fmt: skip
def test_names_that_are_not_those_of_the_outputs_are_refused(data, sets, gives, tmp_path):
    """A file with the wrong number of names would give no prediction."""
    (tmp_path / "m.vit").write_text(NAMED.replace("DATA", data))
    settings = dict(one.split("=") for one in sets)
    with pytest.raises(VitError) as problem:
        vitc.compile(tmp_path / "m.vit", out=tmp_path / "out", to=("onnx",), verify=False, settings=settings)
    (found,) = problem.value.diagnostics
    assert (found.code, problem.value.exit_status) == ("V0818", 3) and gives in found.message
    assert found.span is not None and found.span.text in data
    assert not (tmp_path / "out").exists()
    settings |= {f"data.{data.split()[0]}": "none"}  # as the help says
    manifest = vitc.compile(tmp_path / "m.vit", out=tmp_path / "out", to=("onnx",), verify=False, settings=settings)
    assert manifest["classes"] == []


def test_targets_are_chosen_by_repeating_to(here):
    done = run(
        "compile", "m.vit", "--model", "a", "--to", "torch", "--to", "onnx", "--no-verify", "--format", "json", cwd=here
    )
    manifest = json.loads(done.stdout)
    assert set(manifest["files"]) == {"model.py", "model.onnx", "model.safetensors"}
    assert manifest["verification"] is None


def test_onnx_alone_is_compiled_without_torch(here):
    code = "import sys, vitc; vitc.compile('m.vit', 'a', out='o', to=('onnx',), verify=False); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["compile", "m.vit"], 2, "V1005"),
        (["compile", "m.vit", "--model", "c"], 2, "V1003"),
        (["compile", "m.vit", "--model", "a", "--to", "tensorrt"], 2, "V1006"),
        (["compile", "m.vit", "--model", "a", "--set", "depth"], 2, "V1004"),
        (["compile", "m.vit", "--model", "a", "--set", "export.onnx=false", "--to", "onnx"], 2, "V1006"),
        (["compile", "m.vit", "--model", "a", "--set", "train.lr=1"], 2, "V0602"),
        (["train", "m.vit", "--model", "a", "--set", "train.lr=1"], 2, "V0602"),
        (["compile", "none.vit"], 3, "V1002"),
        (["compile", "vit_bse_patch16_224"], 3, "V1001"),
        (["compile", "m.vit", "--model", "a", "--weights", "none.safetensors"], 3, "V0701"),
        (["compile", "m.vit", "--model", "a", "-o", "m.vit"], 3, "V0801"),
        (["predict", "none", "x.png"], 3, "V0806"),
        (["predict", ".", "x.png"], 3, "V0802"),
        (["show", "m.vit", "--model", "a", "--after", "x"], 2, "V1007"),
        (["compile"], 2, "Missing argument"),
        (["compile", "m.vit", "--seed", "x"], 2, "--seed"),
        (["show", "m.vit", "--format", "yaml"], 2, "--format"),
        (["compil"], 2, "compile"),
        (["predict", "x", "y", "--top", "0"], 2, "--top"),
    ],
)
def test_wrong_command_lines_end_with_a_word_and_a_status(here, words, status, text):
    done = run(*words, cwd=here)
    assert (done.returncode, done.stdout) == (status, "")
    assert text in done.stderr and "Traceback" not in done.stderr
    assert sorted(os.listdir(here)) == ["m.vit"]


def test_errors_as_data(here):
    done = run("predict", "none", "x.png", "--format=json", cwd=here)
    (found,) = json.loads(done.stdout)["diagnostics"]
    assert (found["code"], found["message"]) == ("V0806", "there is no `none`")


def test_without_a_word_the_commands_are_listed(here):
    done = run(cwd=here)
    for command in ("check", "compile", "train", "predict", "show", "doctor"):
        assert command in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["check", "compile", "train", "predict", "show", "doctor"])
def test_every_help_has_an_example(here, command):
    done = run(command, "--help", cwd=here)
    assert done.returncode == 0
    assert f"vitc {command} " in done.stdout


def test_an_interrupted_compile_leaves_nothing(here):
    child = subprocess.Popen(
        [sys.executable, "-m", "vitc", "compile", "m.vit", "--model", "a"], cwd=here, stderr=subprocess.PIPE
    )
    while not list(here.glob("out/a/.vitc-stage-*")):
        time.sleep(0.01)
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, b"interrupted\n")
    assert list((here / "out" / "a").iterdir()) == []


def test_doctor_tells_what_is_there(here):
    data = json.loads(run("doctor", "--format", "json", cwd=here).stdout)
    assert data["providers"]["CPUExecutionProvider"] == "loads"
    assert data["packages"]["torch"]["version"].startswith("2.")
    assert all(package["version"] for package in data["packages"].values())


def test_doctor_tells_what_is_missing_and_how_to_get_it(here, monkeypatch):
    from importlib.metadata import PackageNotFoundError, version

    from typer.testing import CliRunner
    from vitc.application import doctor
    from vitc.cli.main import app

    def without_rich(name):
        if name == "rich":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor, "version", without_rich)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 3
    assert "pip install 'rich" in done.output


def test_doctor_asks_for_all_that_the_project_needs_from_its_folder_too(monkeypatch):
    from importlib.metadata import PackageNotFoundError

    from vitc.application import doctor

    def not_installed(name):
        raise PackageNotFoundError(name)

    project = tomllib.loads((Path(vitc.__file__).parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[^\w-]", line)[0] for line in project["dependencies"]]
    installed = doctor.installation()
    monkeypatch.setattr(doctor, "requires", not_installed)
    for found in (installed, doctor.installation()):
        assert list(found.packages) == [name for name in names if name != "onnxruntime-gpu"] and found.whole
        assert {"matplotlib", "psutil", "ruff"} <= set(found.packages)
    monkeypatch.setattr(doctor, "version", not_installed)
    found = doctor.installation()
    gpu = sys.platform == "linux" and platform.machine() == "x86_64"
    assert not found.whole and found.packages["onnxruntime"].how.startswith(f"pip install 'onnxruntime{'-gpu' * gpu}>")


def test_a_package_that_is_missing_is_named(here):
    code = "import sys; sys.modules['onnx'] = None; from vitc.cli.main import main; sys.argv[0] = 'vitc'; main()"
    command = [sys.executable, "-c", code, "compile", "m.vit", "--model", "a", "-o", "o", "--no-verify"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 3 and done.stderr.startswith("error[V1012]: the package `onnx` is missing\n")
    assert list((here / "o").iterdir()) == []


def test_without_ruff_compiling_to_torch_says_so(here, monkeypatch):
    from vitc.compiler.backends.torch import source

    (here / "python").write_text("#!/bin/sh\necho No module named ruff >&2\nexit 1\n")
    (here / "python").chmod(0o755)
    monkeypatch.setattr(source.sys, "executable", str(here / "python"))
    with pytest.raises(VitError) as problem:
        vitc.compile(here / "m.vit", "a", here / "o", to=("torch",), verify=False)
    (found,) = problem.value.diagnostics
    assert (found.code, problem.value.exit_status) == ("V1012", 3) and "No module named ruff" in found.message
    assert list((here / "o").iterdir()) == []


def test_the_verbs_are_functions_and_their_examples_hold(here, monkeypatch):
    import doctest
    from importlib import import_module

    monkeypatch.chdir(here)
    vitc.compile("digits", to=("onnx",), verify=False)
    modules = {import_module(getattr(vitc, verb).__module__) for verb in vitc.__all__ if not verb.startswith("_")}
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.attempted for result in results) >= 8 and not any(result.failed for result in results)
    with pytest.raises(AttributeError):
        vitc.nothing  # noqa: B018 -- reading it is the test


def test_the_folder_may_have_any_name_and_the_commands_run_from_anywhere(here):
    link = here / "my-repo"
    link.symlink_to(Path(vitc.__file__).parent)
    code = "import vitc.cli.main, vitc.compiler.driver, sys; print(len({m for m in sys.modules if m.endswith('compiler.driver')}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=link, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_the_version_and_the_short_help(here):
    done = run("--version", cwd=here)
    assert (done.returncode, done.stdout) == (0, f"vitc {vitc.__version__}\n")
    for command in ([], ["check"], ["weights"], ["weights", "import"]):
        short, long = (run(*command, flag, cwd=here) for flag in ("-h", "--help"))
        assert (short.returncode, short.stdout) == (0, long.stdout)
        assert "Usage: " in short.stdout


def test_modules_in_the_current_folder_are_not_run(here):
    """A user's `torch.py` is no torch, also where a process of its own formats or scripts."""
    for name in ("ruff", "torch", "json", "onnx", "numpy", "safetensors"):
        (here / f"{name}.py").write_text("open('run', 'w')")
    command = [sys.executable, "-P", "-m", "vitc", "compile", "m.vit", "--model", "a"]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (here / "run").exists()


def test_commands_work_without_the_modules_that_only_some_systems_have(here):
    """Windows has neither `fcntl` nor `resource`."""
    from PIL import Image

    Image.new("RGB", (8, 8)).save(here / "x.png")
    code = "import sys; sys.modules.update(fcntl=None, resource=None)\nfrom vitc.cli.main import main\nmain()"
    for words, text in (
        (["check", "m.vit"], "a: "),
        (["compile", "m.vit", "--model", "a", "--to", "onnx", "--no-verify", "-o", "o"], "in o/"),
        (["show", "m.vit", "--model", "a", "--layers"], "patch_embed.proj"),
        (["predict", "o", "x.png", "--top", "1"], "x.png"),
    ):
        command = [sys.executable, "-c", code, *words]
        done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert text in done.stdout
