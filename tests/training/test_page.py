"""docs/training.md: its commands print what it shows, its tables are those of the schemas, its files are those of a run."""

import re
import shlex
from typing import Any

import pytest
from typer.testing import CliRunner
from vitc.cli.main import app
from vitc.compiler.elaborate.bundled import SPECS
from vitc.diagnostics import VitError
from vitc.diagnostics.messages import render
from vitc.runtime.data.sources import SOURCES
from vitc.runtime.sections.data import Data
from vitc.runtime.sections.train import Train
from vitc.runtime.settings.schema import Plugin
from vitc.runtime.settings.values import Duration
from vitc.runtime.training.augmentations import AUGMENTATIONS
from vitc.runtime.training.criteria import CRITERIA
from vitc.runtime.training.optimizers import OPTIMIZERS
from vitc.runtime.training.schedules import SCHEDULES

TEXT = (SPECS.parent / "docs" / "training.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", TEXT, re.M | re.S)
((SPEC, SPEC_TEXT),) = re.findall(r"^```vit title=\"(.*?)\"\n(.*?)^```$", TEXT, re.M | re.S)
#: What differs from run to run, and between processors.
FIGURES = re.compile(r"\d+ s of training, [\d,]+ images/s on .*|\d+\.\d+%?|(?<=weights of epoch )\d+")


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the commands of the page print, one after the other in one folder, and the folder."""
    folder = tmp_path_factory.mktemp("page")
    (folder / SPEC).write_text(SPEC_TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return [ran(block.partition("\n")[0]) for block in BLOCKS], folder


def ran(command):
    result = CliRunner().invoke(app, shlex.split(command)[2:])
    problem = result.exception
    return render(problem.diagnostics) if isinstance(problem, VitError) else result.output


def test_the_commands_print_what_is_shown(printed):
    assert len(BLOCKS) == 6
    for block, output in zip(BLOCKS, printed[0], strict=True):
        expected = block.partition("\n")[2]
        assert sorted(FIGURES.sub("", output).splitlines()) == sorted(FIGURES.sub("", expected).splitlines())


def test_a_run_leaves_the_files_of_the_table(printed):
    named = {name.strip("`/") for name, _ in rows("in `runs/small/`")}
    assert {path.name for path in (printed[1] / "runs" / "small").iterdir()} == named


def rows(head, text=TEXT):
    """The rows of the first table with this head, as cells."""
    table = re.findall(rf"^\| {re.escape(head)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.M)[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]


def spoken(value: Any) -> str:
    """A default as the page writes it."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case Plugin():
            return value.name
        case Duration():
            return f"{value.value} {value.unit}"
        case list() | tuple():
            items = [spoken(item) for item in value]  # type: ignore[reportUnknownVariableType] -- of any kind
            return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
        case _:
            return str(value)


def defaults(schema):
    """Each setting with its default; those that must be given have none."""
    return {
        name: None if field.is_required() else spoken(field.get_default(call_default_factory=True))
        for name, field in schema.model_fields.items()
    }


@pytest.mark.parametrize("schema", [Data, Train])
def test_sections_have_the_keys_and_defaults_of_the_page(schema):
    section = TEXT.partition(f"## The section `{schema.__name__.lower()}`")[2]
    written = {}
    for cell, default, *_ in rows("key", section):
        found = re.findall(r"\w+", cell)
        written |= dict(zip(found, default.split(", ") if len(found) > 1 else [default], strict=True))
    assert written == defaults(schema)


@pytest.mark.parametrize(
    ("head", "folder"),
    [
        ("source", SOURCES),
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("criterion", CRITERIA),
        ("augment", AUGMENTATIONS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_choices_have_the_settings_and_defaults_of_the_page(head, folder):
    written = {re.findall(r"\w+", name)[0]: default for name, default, *_ in rows(head)}
    assert set(written) == set(folder.names())
    for name, text in written.items():
        settings = defaults(folder.get(name))
        expected = ", ".join(key if value is None else f"{key} = {value}" for key, value in settings.items())
        assert text == expected
