"""The wheel: what is in it, and vitc installed from it into an environment of its own, used in another folder."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
import vitc

ROOT = Path(__file__).parents[2]
#: Folders of the tree that are no part of the package.
APART = {"tests", "docs", "bench", "build", "out", "runs"}
#: What the package is made of.
KINDS = ("*.py", "*/*.vit", "*/*.lark", "*/*.json", "*/*.npz", "*/*.toml", "*/*.md")
#: The SHA-256 of https://www.apache.org/licenses/LICENSE-2.0.txt
APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def sources(root):
    """The files below a folder that belong to the tree, relative to it."""
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith(".") or part == "__pycache__" or part.endswith(".egg-info") for part in parts)
        if path.is_file() and not hidden and parts[0] not in APART and not (root / parts[0] / "pyvenv.cfg").is_file():
            yield "/".join(parts)


def package(root):
    """Those that are installed."""
    return {name for name in sources(root) if any(fnmatch(name, kind) for kind in KINDS)}


def tree(root):
    """The files below a folder with their contents, without Python's caches."""
    files = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel that the tree gives, and what its building printed."""
    copy = tmp_path_factory.mktemp("tree")
    for name in sources(ROOT):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, copy]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # building warns of it
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    return path, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(built):
    with zipfile.ZipFile(built[0]) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The `bin` of an environment with the wheel alone; what vitc needs comes from the packages of the running one."""
    import torch

    home = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(home, symlinks=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(str(Path(torch.__file__).parents[1]) + "\n")
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python"]
    command = [*pip, "install", "--no-deps", "--no-index", built[0]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "bin"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    return tmp_path_factory.mktemp("elsewhere")


def test_the_wheel_holds_what_the_tree_holds(wheel):
    inside = {name.removeprefix("vitc/") for name in wheel if name.startswith("vitc/")}
    assert inside == package(ROOT)


def test_nothing_but_the_package_is_installed(wheel):
    assert {name.split("/")[0].split("-")[0] for name in wheel} == {"vitc"}


def test_the_wheel_carries_the_license_and_the_notice(wheel):
    found = {name.rpartition("/")[2]: text for name, text in wheel.items() if ".dist-info/licenses/" in name}
    assert found == {name: (ROOT / name).read_bytes() for name in ("LICENSE", "NOTICE")}
    assert hashlib.sha256(found["LICENSE"]).hexdigest() == APACHE
    (metadata,) = (text.decode() for name, text in wheel.items() if name.endswith(".dist-info/METADATA"))
    assert {"License-Expression: Apache-2.0", "License-File: LICENSE", "License-File: NOTICE"} <= set(
        metadata.splitlines()
    )


def test_building_it_warns_of_nothing(built):
    said = [line for line in built[1].splitlines() if "warning" in line.lower()]
    assert not said, "\n".join(said)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["vitc", "--version"], f"vitc {vitc.__version__}\n"),
        (["vitc", "check", "vit_base_patch16_224"], "86,567,656 parameters"),
        (["vitc", "explain", "V0412"], "# V0412"),
        (["python", "-m", "vitc", "compile", "digits", "-o", "out"], "verified against PyTorch in float64"),
        (["vitc", "weights", "export", "out/model.safetensors", "--layout", "timm", "--model", "digits",
          "-o", "timm.safetensors"], "layout timm"),
        (["python", "-m", "vitc.specs.quickstart.picture", "7.png"], "7.png: picture 25"),
        (["vitc", "predict", "out", "7.png", "--top", "1"], "7.png\n"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)  # fmt: skip
def test_installed_it_works_in_another_folder(installed, elsewhere, words, text):
    """Each needs data of the package; later ones take what earlier ones wrote."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    (package,) = installed.parent.glob("lib/python*/site-packages/vitc")
    before = tree(package)
    command = [installed / words[0], *words[1:]]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert text in done.stdout
    assert tree(package) == before


def test_every_folder_with_something_to_install_is_a_package_of_the_list():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {str(Path("vitc", name).parent).replace("/", ".") for name in package(ROOT)}
    assert set(listed) == folders
