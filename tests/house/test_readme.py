"""The README: its example is refused as it shows, its commands exist, its links and those of the pages lead somewhere."""

import re
import subprocess
import sys

import pytest
from vitc.compiler.elaborate.bundled import SPECS

ROOT = SPECS.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", prose)
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_the_example_is_refused_as_it_is_shown(tmp_path):
    (text,) = re.findall(r"```vit\n(.*?)```", README, re.DOTALL)
    (shown,) = re.findall(r"\$ vitc check mine\.vit\n(.*?)```", README, re.DOTALL)
    (tmp_path / "mine.vit").write_text(text)
    command = [sys.executable, "-m", "vitc", "check", "mine.vit"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    shown = [line for line in shown.strip().splitlines() if "vitc explain" not in line]
    assert [line for line in done.stderr.strip().splitlines() if "vitc explain" not in line] == shown
    (tmp_path / "mine.vit").write_text(text.replace("= 10\n  classes", "= 6\n  classes"))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_every_command_of_the_readme_exists():
    from vitc.cli.main import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    known |= {group.name for group in app.registered_groups}
    named = set(re.findall(r"`vitc ([a-z]+)", README))
    assert named <= known
    assert {name.rstrip("_") for name in known if name} <= named
