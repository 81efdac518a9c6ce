"""Every code has a page, and what the page shows is so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import vitc
from vitc.application.explain import definition
from vitc.compiler import elaborate
from vitc.compiler.elaborate import language
from vitc.compiler.elaborate.library import load
from vitc.diagnostics import Diagnostic, VitError, error, exit_status, explanations
from vitc.diagnostics.source import COMMAND_LINE, Source, Span
from vitc.runtime import sections

ROOT = Path(vitc.__file__).parent
PAGES = sorted((ROOT / "diagnostics" / "codes").glob("*.md"))
#: Codes of specs whose example would be a large file or many, or that `check` does not give: a command stands for it.
LARGE = {"V0105", "V0106", "V0113", "V0505", "V0508", "V0610"}


def mistakes(folder, text):
    """The codes of a spec, as `vitc check` finds them."""
    path = folder / "spec.vit"
    path.write_text(text, encoding="utf-8")
    try:
        library = load(path)
    except VitError as problem:
        return {d.code for d in problem.diagnostics}
    found = set()
    for name in library.models():
        checked = elaborate.check(library, name)
        problems = [*checked.problems, *checked.warnings, *sections.mistakes(checked.sections, checked.program)]
        found |= {d.code for d in problems}
    return found | {d.code for d in elaborate.mistakes(library)}


def test_every_code_has_a_page_and_every_page_a_code():
    folders = [ROOT / name for name in ("diagnostics", "grammar", "compiler", "runtime", "application", "cli")]
    sources = [path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py")]
    spoken = {code for text in sources for code in re.findall(r'"(V\d{4})"', text)}
    assert spoken == {path.stem for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_what_happened_and_what_to_do(path, tmp_path):
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition("\n")
    assert re.fullmatch(rf"# {path.stem}: .+[^.]", head)
    cause = rest.partition("Bad:")[0].strip()
    assert 40 < len(cause) < 600 and cause.endswith((".", ")"))
    examples = re.findall(r"^(Bad|Good):\n\n```vit\n(.*?)```", text, re.M | re.S)
    if path.stem < "V07" and path.stem not in LARGE:
        assert [kind for kind, _ in examples] == ["Bad", "Good"]
        assert mistakes(tmp_path, examples[0][1]) == {path.stem}
        assert mistakes(tmp_path, examples[1][1]) == set()
    else:
        assert re.search(r"^Bad:\n\n```console\n[^\n]*vitc[^\n]*\n```\n\nWhat to do: [^\n]+\.\n\Z", text, re.M)


def vitc_explain(*args):
    return subprocess.run(
        [sys.executable, "-m", "vitc", "explain", *args], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_prints_a_page_lists_all_and_knows_what_it_does_not_know():
    done = vitc_explain("v0412")
    assert done.returncode == 0 and done.stdout == explanations.page("V0412")
    data = json.loads(vitc_explain("V0412", "--format", "json").stdout)
    assert (data["code"], data["text"]) == ("V0412", explanations.page("V0412")) and data["title"]
    assert len(vitc_explain().stdout.splitlines()) == len(PAGES)
    linear, other = vitc_explain("linear").stdout, vitc_explain("nn.Linear")
    assert "out" in linear and "bias = true" in linear and linear.startswith("op linear  (of the language)")
    assert other.returncode == 2 and "help: `linear(out)`" in other.stderr
    done = vitc_explain("V0421")
    assert done.returncode == 2 and "error[V1010]" in done.stderr and "did you mean `V04" in done.stderr


def test_every_name_of_the_language_is_explained():
    unexplained = [name for name in language.names() if not (found := definition(name)) or not found.text]
    assert unexplained == []


def test_the_exit_status_is_that_of_the_codes_and_the_command_line_alone_is_2():
    text, command = (Span(Source(name, "x"), 0, 1) for name in ("mine.vit", COMMAND_LINE))
    in_text, of_file, of_set = (
        Diagnostic("V0412", "", text),
        Diagnostic("V0701", "", command),
        Diagnostic("V0412", "", command),
    )
    assert [exit_status(found) for found in ([], [in_text], [of_set], [of_file])] == [0, 1, 2, 3]
    assert [exit_status([of_set, one]) for one in (of_set, in_text, of_file)] == [2, 1, 3]
    assert error("V1004", "").exit_status == 2 and error("V1008", "").exit_status == 3
    assert error("V1008", "", status=2).exit_status == 2
