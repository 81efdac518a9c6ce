"""`docs/language.md` says what is so: its examples are checked, its table is of what there is."""

import re
from pathlib import Path

import pytest
import vitc
from programs import loads
from vitc.compiler import elaborate, ops
from vitc.compiler.elaborate import builtins, functions
from vitc.compiler.ops.base import REQUIRED
from vitc.runtime import sections

PAGE = Path(vitc.__file__).parent / "docs" / "language.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```vit\n(.*?)^```$", TEXT, re.M | re.S)
MARK = "<!-- written by the tests with --update -->\n"
CONSTANTS = {"identity": "gives back what it is given and makes no layer", "inf": "infinity", "pi": "the number"}


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_right(text):
    library = loads(text, "spec.vit")
    assert library.models()
    for name in library.models():
        checked = elaborate.check(library, name)
        assert checked.program is not None, checked.problems
        assert sections.mistakes(checked.sections, checked.program) == []


def spoken(value):
    value = (
        {True: "true", False: "false", None: "none"}.get(value, value)
        if not isinstance(value, (int, float)) or isinstance(value, bool)
        else value
    )
    return f"{value[0]}" if isinstance(value, tuple) else f"{value}"


def row(name):
    if name in CONSTANTS:
        return f"| `{name}` | | {CONSTANTS[name]} |"
    if name in builtins.table():
        doc = (builtins.table()[name].__doc__ or "").split("\n")[0]
        return f"| `{name}` | | {doc} |"
    op = ops.get(name)
    attrs = [p.name + ("" if p.default is REQUIRED else f" = {spoken(p.default)}") for p in op.params]
    doc = (op.__doc__ or "").split("\n")[0].replace("|", "\\|")
    return f"| `{name}({', '.join(op.inputs)})` | {', '.join(attrs)} | {doc} |"


def test_the_table_lists_every_name(request):
    table = "\n".join(["| name | attributes | meaning |", "|---|---|---|", *map(row, functions.names())]) + "\n"
    before, _, found = TEXT.partition(MARK)
    if request.config.getoption("--update"):
        PAGE.write_text(before + MARK + "\n" + table, encoding="utf-8")
        found = "\n" + table
    assert found == "\n" + table


def test_the_limits_are_those_of_the_compiler():
    from vitc.compiler.elaborate import budget, context, library

    words = {
        f"{library.MAX_BYTES:,} bytes", f"{library._MAX_FILES} files", f"{context.MAX_DEPTH} definitions", f"{context.MAX_STEPS:,} steps",
        f"{context.MAX_ITEMS:,} items", f"{context.MAX_RANK} axes", f"{budget.MAX_NODES:,} ops",
    }  # fmt: skip
    assert not [w for w in words if w not in TEXT]
    assert (context.MAX_ELEMENTS, context.MAX_CONSTANT) == (2**36, 2**25)
