"""The grammar and the tables kept beside it."""

import json
from pathlib import Path

import lark
import pytest
from vitc.grammar import tables

SPECS = sorted((Path(tables.__file__).parents[1] / "specs").glob("*/*.vit"))


def test_the_grammar_is_lalr_1_and_its_terminals_are_disjoint():
    tables.build(strict=True)


def test_the_tables_kept_as_json_are_what_the_grammar_gives():
    kept = json.loads((Path(tables.__file__).parent / "vit.json").read_text(encoding="utf-8"))
    built = json.loads(tables.dumps(tables.build()))
    if kept.pop("lark") != lark.__version__:
        pytest.fail("another lark wrote vit.json: run `python -m vitc.grammar.tables`")
    built.pop("lark")
    assert built == kept, "run `python -m vitc.grammar.tables`"


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_the_kept_tables_parse_like_the_grammar(path):
    text = path.read_text(encoding="utf-8") + "\n"
    assert tables.load().parse(text) == tables.build().parse(text)


def test_tables_of_another_lark_are_not_trusted(monkeypatch):
    monkeypatch.setattr(tables, "__version__", "0")
    assert tables.load().source_path != "<deserialized>"
