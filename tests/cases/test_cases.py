"""Golden cases: a file is an input, a line that says so, and what must come of it, as comments.

The folder says what is done with the input. `pytest tests/cases --update` writes what comes of it today: read the
difference before it is committed.
"""

from pathlib import Path

import pytest
from vitc.compiler import driver
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads
from vitc.compiler.ir.dump import dump, dump_program
from vitc.diagnostics import Findings, VitError
from vitc.diagnostics.messages import render
from vitc.diagnostics.source import Source
from vitc.grammar.parser import parse
from vitc.grammar.printer import print_file

HERE = Path(__file__).parent
MARK = "# ---- expected ----"


def diagnostics(text):
    """All that `vitc check` finds wrong."""
    findings = Findings()
    try:
        library = loads(text, "case.vit")
    except VitError as problem:
        return render(problem.diagnostics)
    for name in library.models():
        try:
            elaborate(library, name)
        except VitError as problem:
            findings.add(*problem.diagnostics)
    return render(findings.items) if findings.items else "nothing is wrong\n"


def printed(text):
    """The canonical text."""
    return print_file(parse(Source("case.vit", text)))


def _compiled(text):
    library = loads(text, "case.vit")
    return driver.prepare(library, library.models()[-1])


def program(text):
    """The bodies of the last model's blocks after the local passes."""
    return dump_program(_compiled(text).program)


def graph(text):
    """The last model's graph after all passes."""
    return dump(_compiled(text).graph)


def model_py(text):
    """The last model as PyTorch source."""
    return torch_source.emit(_compiled(text).program)


KINDS = {f.__name__: f for f in (diagnostics, printed, program, graph, model_py)}
CASES = sorted(path for kind in KINDS for path in (HERE / kind).glob("*.vit"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path, request):
    text, _, expected = path.read_text(encoding="utf-8").partition(f"{MARK}\n")
    found = KINDS[path.parent.name](text)
    if request.config.getoption("--update"):
        path.write_text(f"{text}{MARK}\n{_commented(found)}", encoding="utf-8")
        found, expected = KINDS[path.parent.name](text), _commented(found)
    assert _commented(found) == expected


def test_every_folder_is_a_kind_and_every_case_has_a_golden_text():
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(KINDS)
    assert all(MARK in path.read_text(encoding="utf-8") for path in CASES)
    assert len(CASES) > 20


def _commented(text):
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())
