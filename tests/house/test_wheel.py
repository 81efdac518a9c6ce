"""The wheel holds the sources and the texts of the tree, no more and no less."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Folders of the tree that are no part of the package.
APART = {"tests", "docs", "bench", "build", "out", "runs"}


def sources(root):
    """The files below a folder that belong to the tree, relative to it."""
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith(".") or part == "__pycache__" or part.endswith(".egg-info") for part in parts)
        if path.is_file() and not hidden and parts[0] not in APART and not (root / parts[0] / "pyvenv.cfg").is_file():
            yield "/".join(parts)


def modules(root):
    """Sources of the package: a script in a folder of texts (it made their data) is none."""
    return {name for name in sources(root) if name.endswith(".py") and (root / name).with_name("__init__.py").is_file()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    copy = tmp_path_factory.mktemp("tree")
    for name in sources(ROOT):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, copy]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_what_the_tree_holds(wheel):
    inside = {name.removeprefix("vitc/") for name in wheel if name.startswith("vitc/")}
    kinds = ("*/*.vit", "*/*.lark", "*/*.json", "*/*.npz", "*/*.toml", "*/*.md")
    texts = {name for name in sources(ROOT) if any(fnmatch(name, kind) for kind in kinds)}
    assert inside == modules(ROOT) | texts


def test_nothing_but_the_package_is_installed(wheel):
    assert {name.split("/")[0].split("-")[0] for name in wheel} == {"vitc"}


def test_every_folder_with_sources_is_a_package_of_the_list():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {str(Path("vitc", name).parent).replace("/", ".") for name in modules(ROOT)}
    assert set(listed) == folders
