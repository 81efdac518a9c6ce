"""What each command may create, replace and delete: run in a folder full of decoys, the trees before and after compared.

`train` has tests of its own, in tests/training.
"""

import json
import os
import stat
import subprocess
import sys

import pytest
import vitc

SPEC = "vit 1\nmodel m = vit { image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 3 }\n"
ARTEFACT = {"manifest.json", "model.onnx", "model.safetensors"}
COMPILE = ["compile", "m.vit", "--to", "onnx", "--no-verify"]
IMPORT = ["weights", "import", "w.safetensors", "--layout", "timm", "--model", "m.vit"]
EXPORT = ["weights", "export", "w.safetensors", "--layout", "timm", "--model", "m.vit"]
#: A command line, and all that it may create. None may replace or delete anything that is not vitc's.
WRITES = [
    (["--version"], set()),
    (["check", "m.vit", "."], set()),
    (["explain", "V0412"], set()),
    (["fmt", "--check", "m.vit"], set()),
    (["show", "m.vit", "--layers", "--flow"], set()),
    (["doctor"], set()),
    (["weights", "layouts"], set()),
    (["import", "config.json"], set()),
    (["predict", "compiled", "picture.png"], set()),
    (COMPILE, {"out", "out/m", *(f"out/m/{name}" for name in ARTEFACT)}),
    ([*COMPILE, "-o", "new/deep"], {"new", "new/deep", *(f"new/deep/{name}" for name in ARTEFACT)}),
    ([*COMPILE, "-o", "empty"], {f"empty/{name}" for name in ARTEFACT}),
    (["import", "config.json", "-o", "new.vit"], {"new.vit"}),
    (IMPORT, {"model.safetensors"}),
    ([*IMPORT, "-o", "new.npz"], {"new.npz"}),
    ([*EXPORT, "-o", "new.safetensors"], {"new.safetensors"}),
]  # fmt: skip
#: A command line that ends with the place to write, which something else has taken; the ending of a name in that place.
TAKEN = {
    "compile": ([*COMPILE, "-o"], ""),
    "import": (["import", "config.json", "-o"], ".vit"),
    "import --force": (["import", "config.json", "--force", "-o"], ".vit"),
    "weights import": ([*IMPORT, "-o"], ".npz"),
    "weights export": ([*EXPORT, "-o"], ".safetensors"),
}
#: These replace an ordinary file.
REPLACING = ("import --force", "weights import", "weights export")
#: What may stand there.
KINDS = ("a link to a file", "a dangling link", "a link to a folder of other files", "a folder of other files", "a pipe", "a file", "below a file")  # fmt: skip

#: Runs command lines one after the other and prints the status and the errors of each.
CHILD = """
import contextlib, io, json, sys
from vitc.cli.main import main
found = []
for words in json.loads(sys.stdin.read()):
    sys.argv, said, status = ["vitc", *words], io.StringIO(), 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try: main()
        except SystemExit as end: status = end.code
    found.append((status, said.getvalue()))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A compiled model, its weights, a configuration and a picture."""
    from PIL import Image

    here = tmp_path_factory.mktemp("made")
    (here / "m.vit").write_text(SPEC)
    vitc.compile(here / "m.vit", out=here / "compiled", to=("onnx",), verify=False)
    (here / "w.safetensors").write_bytes((here / "compiled" / "model.safetensors").read_bytes())
    (here / "config.json").write_text('{"architecture": "vit_tiny_patch16_224", "num_classes": 1000}')
    Image.new("RGB", (8, 8), (200, 10, 10)).save(here / "picture.png")
    return here


@pytest.fixture
def here(made, tmp_path):
    """A folder with all that, and with decoys: the user's files under names that vitc uses, and ways out of the folder."""
    folder = tmp_path / "here"
    subprocess.run(["cp", "-r", made, folder], check=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "mine.txt").write_text("mine")
    (folder / "empty").mkdir()
    for name in ("model.py", "model.ts", "model.onnx", "manifest.json", "summary.json", "metrics.jsonl", "curves.png",
                 "torch.py", "ruff.py", "vitc.py", ".vitc-part-0", "export"):  # fmt: skip
        (folder / name).write_text(f"raise SystemExit('the {name} of the user')")
    (folder / "checkpoints").symlink_to(tmp_path / "outside")
    (folder / "runs").symlink_to(tmp_path / "outside" / "nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "read only.txt").write_text("mine")
    (folder / "read only.txt").chmod(0o400)
    return folder


def run(words, cwd):
    command = [sys.executable, "-P", "-m", "vitc", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def tree(root):
    """Everything below a folder: kind and permissions, where a link leads, what a file holds."""
    found = {}
    for path in root.rglob("*"):
        about = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(about.st_mode) else os.readlink(path) if path.is_symlink() else None
        found[str(path.relative_to(root))] = (about.st_mode, content)
    return found


@pytest.mark.parametrize(
    ("words", "created"), WRITES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_command_creates_what_the_table_says_and_leaves_the_rest(here, words, created):
    before = tree(here.parent)
    done = run(words, here)
    assert done.returncode == 0, done.stderr
    after = tree(here.parent)
    assert {name.removeprefix("here/") for name in after.keys() - before.keys()} == created
    assert {name: after.get(name) for name in before} == before


def taken(place, kind, outside):
    """Puts something in a place, or above it."""
    if kind == "a link to a file":
        place.symlink_to(outside / "mine.txt")
    elif kind == "a dangling link":
        place.symlink_to(outside / "nowhere")
    elif kind == "a link to a folder of other files":
        place.symlink_to(outside)
    elif kind == "a folder of other files":
        place.mkdir()
        (place / "model.onnx").write_text("mine")
    elif kind == "a pipe":
        os.mkfifo(place)
    elif kind == "a file":
        place.write_text("mine")
    else:
        place.parent.write_text("mine")


def test_what_has_taken_a_place_stays(here):
    """All commands against all kinds in one process; each has a place of its own, so that a change tells whose it is."""
    outside, lines = here.parent / "outside", list[list[str]]()
    (outside / "model.onnx").write_text("mine")
    for number, (command, (words, ending)) in enumerate(TAKEN.items()):
        for index, kind in enumerate(KINDS):
            if kind == "a file" and command in REPLACING:
                continue
            place = (
                here / f"{number} {index}" / f"x{ending}"
                if kind == "below a file"
                else here / f"{number} {index}{ending}"
            )
            taken(place, kind, outside)
            lines.append([*words, str(place.relative_to(here))])
    before = tree(here.parent)
    child = [sys.executable, "-P", "-c", CHILD]
    done = subprocess.run(
        child, cwd=here, input=json.dumps(lines), capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    for line, (status, said) in zip(lines, json.loads(done.stdout), strict=True):
        assert status in (2, 3) and said.startswith("error[V"), (line, status, said)
    assert tree(here.parent) == before


def test_a_second_compile_replaces_its_own_files_and_no_other(here):
    assert run([*COMPILE, "-o", "new"], here).returncode == 0
    (here / "new" / "notes.txt").write_text("mine")
    before = tree(here.parent)
    assert run([*COMPILE, "--seed", "1", "-o", "new"], here).returncode == 0
    after = tree(here.parent)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {
        f"here/new/{name}" for name in ARTEFACT
    }
    (here / "new" / "model.onnx").write_text("changed by hand")
    before = tree(here.parent)
    done = run([*COMPILE, "-o", "new"], here)
    assert done.returncode == 3 and "V0809" in done.stderr
    assert tree(here.parent) == before
