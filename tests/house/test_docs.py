"""What docs/architecture.md shows is what the commands print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```\w+ title=\"([^\"]+)\"\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```text of=\"([^\"]+)\"\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("command", "lines"), SHOWN)
def test_the_lines_shown_are_printed(tmp_path, command, lines):
    for name, body in FILES:
        (tmp_path / name).write_text(body, encoding="utf-8")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert lines in done.stdout


def test_the_house_is_as_described():
    (house,) = re.findall(r"in this order:\n\n```\n(.*?)```", TEXT, re.DOTALL)
    above = ""
    for line in house.splitlines():
        name = line.split()[0]
        if not line.startswith(" "):
            above = name
        assert (ROOT / (name if name == above else above + name)).exists(), line
