"""Every recipe of CONTRIBUTING.md works: in a copy of the tree the files are made, the lines changed, the commands run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
#: By their titles, which begin with an article; `## ` in a block of code documents a definition.
RECIPES = {part.partition("\n")[0]: part for part in re.split(r"^## (?=An? )", TEXT, flags=re.MULTILINE)[1:]}
#: Exports with torch and compares.
SLOW = {"A target of verification"}
BLOCK = re.compile(r"^(```+)(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
FOLDERS = ("diagnostics", "grammar", "compiler", "runtime", "application", "cli", "specs", "tests", "docs")


@pytest.fixture
def copy(tmp_path):
    """The package under its name, as `python -m vitc` finds it."""
    root = tmp_path / "vitc"
    root.mkdir()
    for name in FOLDERS:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.py"), ROOT / "pyproject.toml", ROOT / "README.md"]:
        shutil.copy(path, root / path.name)
    return root


def changed(root, name, diff):
    """Puts the lines with + in the place of those with -, which must stand there once."""
    lines = diff.splitlines()
    old, new = ("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
    text = (root / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{name} holds {text.count(old)} times\n{old}"
    (root / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    "title", [pytest.param(title, marks=pytest.mark.slow if title in SLOW else ()) for title in RECIPES]
)
def test_the_recipe_works(copy, title):
    recipe = RECIPES[title]
    commands = []
    for match in BLOCK.finditer(recipe):
        _, kind, name, body = match.groups()
        if name:
            (copy / name).write_text(body, encoding="utf-8")
        elif kind == "diff":
            *_, named = re.findall(r"`([\w/]+\.(?:py|md))`", recipe[: match.start()])
            changed(copy, named, body)
        else:
            assert kind == "sh"
            commands += body.splitlines()
    assert commands
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy.parent),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=copy, env=environment, capture_output=True, text=True, check=False
        )
        # grep -c says with its status whether it found anything: the next one in the pipe says whether it is right
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("title", RECIPES)
def test_the_code_of_a_recipe_is_formatted(title, tmp_path):
    for number, match in enumerate(BLOCK.finditer(RECIPES[title])):
        if match[2] == "python":
            (tmp_path / f"{number}.py").write_text(match[4], encoding="utf-8")
    config = ["--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
    subprocess.run([sys.executable, "-m", "ruff", "format", "--check", *config], check=True, capture_output=True)
