"""`docs/language.md` says what is so: its examples are checked, its commands print what it shows, its tables are those of the
sources, its limits are the compiler's."""

import re
import shlex

import manual
import pytest
from typer.testing import CliRunner
from vitc.cli.main import app
from vitc.compiler import elaborate
from vitc.compiler.elaborate import budget, context, library, rearranging
from vitc.diagnostics import VitError
from vitc.diagnostics.messages import render
from vitc.grammar import layout, tree
from vitc.grammar.formatter import formatted
from vitc.runtime import sections

PAGE = manual.ROOT / "docs" / "language.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```vit(?: title=\"(.*?)\")?\n(.*?)^```$", TEXT, re.M | re.S)
REFUSED = re.findall(r"^```vit refused=\"(V\d+)\"\n(.*?)^```$", TEXT, re.M | re.S)
WARNED = re.findall(r"^```vit warns=\"(V\d+)\"\n(.*?)^```$", TEXT, re.M | re.S)
COMMANDS = re.findall(r"^```console\n\$ ([^\n]*)\n(.*?)^```$", TEXT, re.M | re.S)
SHOWN = re.findall(r"^```text of=\"(.*?)\"\n(.*?)^```$", TEXT, re.M | re.S)
VALUES = re.findall(
    r"^\| `(.*)` \| `(.*)` \|$", TEXT.partition("| expression | value |\n")[2].partition("\n\n")[0], re.M
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the page names."""
    monkeypatch.chdir(tmp_path)
    for name, text in EXAMPLES:
        if name:
            (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def checked(folder, text):
    """What `check` finds for each model of a text that stands among the files of the page."""
    path = folder / "example.vit"
    path.write_text(text, encoding="utf-8")
    texts = library.load(path)
    return [elaborate.check(texts, name) for name in texts.models()]


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_right_and_warns_of_nothing(folder, name, text):
    found = checked(folder, text)
    assert found or name == "blocks.vit"
    for one in found:
        assert one.program is not None, one.problems
        assert one.warnings == () and sections.mistakes(one.sections, one.program) == []
    assert formatted(text) == text


@pytest.mark.parametrize(("code", "text"), [*REFUSED, *WARNED])
def test_what_is_refused_or_warned_of_is(folder, code, text):
    try:
        found = [said for one in checked(folder, text) for said in (*one.problems, *one.warnings)]
    except VitError as problem:
        found = problem.diagnostics
    assert {said.code for said in found} == {code}


def printed(command):
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    problem = result.exception
    return result.output + (render(problem.diagnostics) if isinstance(problem, VitError) else "")


@pytest.mark.parametrize(("command", "lines"), COMMANDS)
def test_the_commands_print_what_is_shown(folder, command, lines):
    assert printed(command).strip() == lines.strip()


@pytest.mark.parametrize(("command", "lines"), SHOWN)
def test_the_lines_shown_are_printed(folder, command, lines):
    assert lines in printed(command)


def test_the_expressions_have_their_values(folder):
    assert len(VALUES) > 15
    facts = "\n".join(f"    expect ({left}) == ({right})" for left, right in VALUES)
    text = f"vit 1\nblock b(image: shape = 8x8x3) {{\n  forward(image: [C, H, W]) {{\n{facts}\n    return image\n  }}\n}}\nmodel m = b\n"
    (found,) = checked(folder, text)
    assert found.problems == ()


def test_the_tables_and_the_grammar_are_those_of_the_sources(request):
    made = manual.filled(TEXT)
    if request.config.getoption("--update"):
        PAGE.write_text(made, encoding="utf-8")
    else:
        assert made == TEXT


@pytest.mark.parametrize("file", manual.TABLES)
def test_every_definition_of_the_library_has_an_example(file):
    section = TEXT.partition(f"### `{file}`\n")[2].partition("\n### ")[0]
    examples = "".join(text for _, text in EXAMPLES if text in section)
    items = manual.read(manual.STD.parent / file)
    names = [item.name.id for item in items if isinstance(item, (tree.Block, tree.Function))]
    assert [name for name in names if not re.search(rf"\b{name}\b", examples)] == []
    assert all(manual.doc(item).text for item in items if isinstance(item, (tree.Block, tree.Function)))


def test_the_limits_are_those_of_the_compiler():
    words = {
        f"{library.MAX_BYTES:,} bytes", f"{library._MAX_FILES} files", f"{context.MAX_DEPTH} definitions", f"{context.MAX_STEPS:,} steps",
        f"{context.MAX_ITEMS:,} items", f"{context.MAX_RANK} axes", f"{budget.MAX_NODES:,} ops", f"{budget.MAX_WEIGHTS:,} weights",
        f"| brackets and braces inside each other | {layout.MAX_NESTING} |", f"{layout.MAX_CHAIN:,} words and signs",
        f"{layout.MAX_NESTING} names", f"{rearranging.LONGEST} characters",
    }  # fmt: skip
    assert [w for w in words if w not in TEXT] == []
    assert (context.MAX_ELEMENTS, context.MAX_CONSTANT, context.MAX_INTEGER) == (2**36, 2**25, 2**53)


def test_every_link_of_the_page_leads_to_a_heading():
    heads = [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", TEXT, re.M)]
    assert [link for link in re.findall(r"\]\(#(.*?)\)", TEXT) if link not in heads] == []
