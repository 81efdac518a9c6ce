"""What the commands that load ONNX Runtime do to the system, as strace sees it: no file outside their folders, no network."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

CALLS = "network,openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat"
#: By these ONNX Runtime knows a build server, where it reports nothing: what is tested is a user's machine.
ON_SERVERS = (
    "CI", "TF_BUILD", "GITHUB_ACTIONS", "JENKINS_URL", "GITLAB_CI", "CIRCLECI", "TRAVIS", "APPVEYOR", "BUILDKITE",
    "CODEBUILD_BUILD_ID", "TEAMCITY_VERSION", "BITBUCKET_BUILD_NUMBER",
)  # fmt: skip
SPEC = """vit 1

model m = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 10 }

data  { source = digits, mean = 0.3, std = 0.4 }
train { epochs = 1, batch = 256 }
"""


@pytest.fixture
def traced(tmp_path):
    """Runs Python with an empty home under strace; gives what it printed, the system calls and the files left at home."""
    strace = shutil.which("strace")
    assert strace, "these tests need strace (Debian: apt-get install strace)"
    work, home, temporary = (tmp_path / name for name in ("work", "home", "tmp"))
    for folder in (work, home, temporary):
        folder.mkdir()
    (work / "m.vit").write_text(SPEC)
    Image.new("L", (8, 8)).save(work / "x.png")
    # No `.pyc` of the libraries; the variable is left to `import vitc`.
    left_out = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", *ON_SERVERS}
    environment = {k: v for k, v in os.environ.items() if k not in left_out}
    environment |= {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*words, **variables):
        log = tmp_path / "log"
        command = [
            strace,
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-y",
            "-o",
            log,
            "-e",
            f"trace={CALLS}",
            sys.executable,
            *words,
        ]
        done = subprocess.run(
            command, cwd=work, env=environment | variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        left = [path for path in home.rglob("*") if path.is_file()]
        return done.stdout + done.stderr, log.read_text(errors="replace").splitlines(), left

    return run


def sockets(calls):
    """Sockets of a network; a name lookup of users or fonts by a Unix socket is none."""
    return [
        line
        for line in calls
        if re.search(r"\b(socket|connect|sendto|bind)\(.*\b(AF_INET6?|AF_NETLINK|AF_PACKET)", line)
    ]


def outside(calls, *folders):
    """Calls that create, change or remove a file and name a path outside of the folders."""
    found = []
    for line in calls:
        call = re.match(r"\d+ +(\w+)\(", line)
        if call is None or (call[1] in ("open", "openat") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT", line)):
            continue
        if call[1] in ("socket", "connect", "sendto", "recvfrom", "sendmsg", "recvmsg", "bind", "socketpair"):
            continue
        bases = re.findall(r"(?:AT_FDCWD|\d+)<([^>]*)>, \"", line) or [str(folders[0])]
        paths = [os.path.join(bases[0], path) for path in re.findall(r'"([^"]*)"', line)]
        if not all(path.startswith(("/dev/", "/proc/self/", *(f"{folder}/" for folder in folders))) for path in paths):
            found.append(line)
    return found


def assert_contained(run, tmp_path):
    said, calls, left = run
    assert len(calls) > 50, said
    assert sockets(calls) == [] and left == []
    assert outside(calls, tmp_path / "work", tmp_path / "tmp") == []


def test_compile_and_predict_leave_the_home_and_the_network_alone(traced, tmp_path):
    assert_contained(traced("-m", "vitc", "compile", "m.vit", "-o", "m"), tmp_path)
    assert_contained(traced("-m", "vitc", "predict", "m", "x.png"), tmp_path)


def test_doctor_leaves_the_home_and_the_network_alone_and_says_so(traced, tmp_path):
    run = traced("-m", "vitc", "doctor")
    assert_contained(run, tmp_path)
    assert "of ONNX Runtime off (ORT_DISABLE_TELEMETRY=1)" in run[0]


CONFIG = """{"model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 8, "num_hidden_layers": 1, "num_channels": 1,
"num_attention_heads": 2, "intermediate_size": 32, "layer_norm_eps": 1e-6, "image_size": 8, "patch_size": 4, "num_labels": 10}"""
WEIGHTS = """
import sys
from vitc.cli.main import app
for words in (f"weights import {sys.argv[1]} --layout timm --model m.vit -o own.safetensors --trust",
              "weights export own.safetensors --layout hf --model m.vit -o theirs/model.safetensors", "import theirs -o mine.vit"):
    app(words.split(), standalone_mode=False)
"""


@pytest.mark.parametrize("given", ["w.npz", pytest.param("w.pth", marks=pytest.mark.slow)])
def test_weights_and_import_leave_the_home_and_the_network_alone(given, traced, tmp_path):
    """A pickle is read by a process of its own, which is traced too."""
    import vitc
    from vitc.runtime.weights.initial import Initial

    work = tmp_path / "work"
    weights = dict(Initial(vitc.check(work / "m.vit"), 0))
    if given == "w.npz":
        np.savez(work / given, allow_pickle=False, **weights)
    else:
        import torch

        torch.save({name: torch.from_numpy(array) for name, array in weights.items()}, work / given)
    (work / "theirs").mkdir()
    (work / "theirs" / "config.json").write_text(CONFIG)
    assert_contained(traced("-c", WEIGHTS, given), tmp_path)
    assert 'file = "theirs/model.safetensors"' in (work / "mine.vit").read_text()


@pytest.mark.slow
def test_training_leaves_the_home_and_the_network_alone(traced, tmp_path):
    assert_contained(traced("-m", "vitc", "train", "m.vit", "-o", "run", "--device", "cpu"), tmp_path)


SESSION = """
import sys, time
from pathlib import Path
import vitc
from vitc.runtime.onnx_file import session
vitc.compile("m.vit", out="m", to=("onnx",), verify=False)
session(Path("m/model.onnx"))
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end and not any(path.is_file() for path in Path.home().rglob("*")):
    time.sleep(0.1)
"""


@pytest.mark.slow
def test_a_session_that_lives_longer_than_the_first_report_opens_no_socket(traced, tmp_path):
    """ONNX Runtime 1.31.1 sends its first report about nine seconds after a session was made."""
    assert_contained(traced("-c", SESSION, "13"), tmp_path)


def test_the_wish_of_the_user_wins_and_the_trace_would_show_it(traced, tmp_path):
    """The same with telemetry asked for: the files that the other tests find missing are there, as soon as it writes them."""
    _, calls, left = traced("-c", SESSION, "60", ORT_DISABLE_TELEMETRY="0")
    assert {path.name for path in left} >= {"deviceid"}
    assert outside(calls, tmp_path / "work", tmp_path / "tmp")


def test_the_trace_shows_sockets(traced):
    _, calls, _ = traced("-c", "import socket; socket.socket(); socket.socket(socket.AF_INET6)")
    assert len(sockets(calls)) == 2


@pytest.mark.parametrize(
    ("first", "value", "expected"),
    [("vitc", None, "1 False"), ("vitc", "0", "0 False"), ("vitc", "", " False"), ("onnxruntime, vitc", "1", "1 False"),
     ("onnxruntime, vitc", None, "1 True")],
)  # fmt: skip
def test_the_variable_is_set_for_children_and_too_late_is_said(tmp_path, first, value, expected):
    """A module of the name stands in for ONNX Runtime: only its place in the order of imports counts."""
    (tmp_path / "onnxruntime.py").write_text("")
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"} | {"PYTHONPATH": str(tmp_path)}
    if value is not None:
        environment["ORT_DISABLE_TELEMETRY"] = value
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import os; print(os.environ[\"ORT_DISABLE_TELEMETRY\"])'])"
    done = subprocess.run(
        [sys.executable, "-c", f"import {first}; {script}"], capture_output=True, text=True, env=environment, check=True
    )
    assert f"{done.stdout[:-1]} {'imported before vitc' in done.stderr}" == expected
