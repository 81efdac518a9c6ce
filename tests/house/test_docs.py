"""What docs/architecture.md shows is what the commands print."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from vitc.tests.house.test_house import PARTS

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
    for folder in ("compiler", "runtime"):
        parts = [path for path in (ROOT / folder).iterdir() if path.is_dir() and not path.name.startswith("_")]
        unnamed = [path.name for path in parts if not re.search(rf"^  {path.name}/ ", house, re.MULTILINE)]
        assert not unnamed, f"{folder} has folders that the page does not name"


def test_every_room_of_the_table_is_there():
    table = TEXT.partition("| to find, or to add |")[2].partition("\n\n")[0]
    rooms = re.findall(r"`([a-z_]+/[\w/.]+)`", table)
    assert len(rooms) > 12
    for room in rooms:
        assert (ROOT / room).exists(), room


def test_the_imports_inside_the_compiler_are_those_that_the_tests_hold():
    rows = re.findall(
        r"^\| (`.*`) \| (.*) \|$", TEXT.partition("| part | may import |\n")[2].partition("\n\n")[0], re.M
    )
    told = {
        part: set(re.findall(r"`(\w+)`", allowed)) for parts, allowed in rows for part in re.findall(r"`(\w+)`", parts)
    }
    assert told.pop("driver") == set() and told == {
        part: allowed for part, allowed in PARTS.items() if part != "driver"
    }
