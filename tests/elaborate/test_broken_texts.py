"""Of a text with a syntax error what stands intact is checked too, and nothing is reported that only follows from the error."""

import json
import random
import re

import pytest
from vitc.application.check import every_model
from vitc.compiler.elaborate.bundled import SPECS
from vitc.diagnostics.source import Source
from vitc.grammar.parser import parse

SPECS_HERE = sorted([*SPECS.glob("std/*.vit"), *SPECS.glob("zoo/*.vit"), *SPECS.glob("quickstart/*.vit")])
BREAKS = {"= = ": "= ", "( ,": "(", "{ 3x": "{", "\nmodle m = vit {\n": "\n"}

INDEPENDENT = """\
vit 1
model a = vit { dim = , depth = 2 }
block bad(n: int) {
  x = = 3
  forward(x: [N, D]) { return x }
}
block good {
  l = linear(3)
  forward(x: [N, D]) { return ll(x) + bad(x) + new(x) }
}
fn new(x) = x
model b = vit { dpeth = 3 }
model c = a { dpeth = 3 }
model d = vit { norm = bad(4), dpeth = 2 }
model e = vit { depth = "x" }
model f = b
model g = nothing
train { epoch = 3 }
train a { epochs = 3 }
"""


def found(tmp_path, text):
    (tmp_path / "a.vit").write_text(text)
    checked = every_model(str(tmp_path / "a.vit"), {})
    assert checked.status == bool(checked.problems)
    return [(d.span.line, d.code) for d in checked.problems if d.span]


def test_mistakes_of_intact_definitions_stand_beside_syntax_errors_in_order(tmp_path):
    expected = [(2, "V0102"), (4, "V0102"), (9, "V0201"), (12, "V0202"), (15, "V0302"), (17, "V0201"), (18, "V0602")]
    assert found(tmp_path, INDEPENDENT) == expected
    assert (
        every_model(str(tmp_path / "a.vit"), {}).params == {}
    )  # of a text with syntax errors nothing is said to be right


#: After a broken part that may define or hold something, nothing is said that depends on it.
SILENT = {
    "a misspelt keyword": "modle m = vit { depth = 2 }\nmodel x = m { dpeth = 1 }\n",
    "a misspelt keyword that hides a name of std": "blokc vit(n: int = 3) {\n  x = \n}\nmodel x = vit { n = 1 }\n",
    "a broken block named like one of std": "block vit(n: int = 3) {\n  x = \n}\nmodel x = vit { n = 1 }\n",
    "a use without its quotes": "use std/eva.vit\nmodel x = eva { dpeth = 1 }\n",
    "a use that is not closed": 'use "std/eva.vit\nmodel x = eva { dpeth = 1 }\n',
    "a use of another language": 'import "std/eva.vit"\nmodel x = eva { dpeth = 1 }\n',
    "a section that is never closed": 'data {\nsource = \nlabels {\n  cat = "Cat"\n}\nmodel x = vit { depth = 1 }\n',
    "a section of a broken model": "model x = vit { depth = }\ntrain x { epochs = 3 }\n",
    "a general section that a named one completes": 'data { source = digits( }\ndata x { resize = 8x8 }\nmodel x = vit { depth = 1, image = 8x8x1, patch = 4 }\n',
    "settings of pictures beside a broken data": "data { source = digits( }\ndata x { crop = 0.9 }\nmodel x = vit { depth = 1, input { mean = 0.5, std = 0.5 } }\n",
    "two items on a line": "model a = vit { depth = 1 } model b = vit { depth = 1 }\nmodel c = b { dpeth = 1 }\n",
    "a choice that only a broken block offers": "block b(p: one | two = one) {\n  x = \n}\nblock c { d = b(two)\n forward(x) { return d(x) } }\n",
    "a broken start": "init { cls_token = normal(, }\nmodel x = vit { depth = 1, dim = 64, heads = 2 }\n",
}  # fmt: skip


@pytest.mark.parametrize("case", SILENT)
def test_nothing_follows_from_a_syntax_error(tmp_path, case):
    codes = {code for _, code in found(tmp_path, "vit 1\n" + SILENT[case])}
    assert codes and all(code < "V02" for code in codes), codes


@pytest.mark.parametrize("path", random.Random(5).sample(SPECS_HERE, 12), ids=lambda path: path.stem)
def test_a_syntax_error_in_a_good_spec_brings_no_other(tmp_path, path):
    text, draw = path.read_text(encoding="utf-8"), random.Random(path.stem)
    last = [m.start() for m in re.finditer(r"^model ", text, re.M)][2:3]  # a zoo file has many: its first will do
    text = text[: last[0]] if last else text
    for put, before in BREAKS.items():
        places = [m.start() for m in re.finditer(re.escape(before), text)][1:]
        for at in draw.sample(places, min(1, len(places))):
            broken = text[:at] + put + text[at + len(before) :]
            codes = {code for _, code in found(tmp_path, broken)}
            if not codes:  # in a comment or a text
                parse(Source("a.vit", broken))
            assert all(code < "V02" for code in codes), (codes, broken[at - 80 : at + 80])


def test_a_syntax_error_in_a_file_that_is_used_hides_what_depends_on_it(tmp_path):
    (tmp_path / "b.vit").write_text("vit 1\nblock b(n: int) {\n  x = \n}\nblock c { forward(x) { return y(x) } }\n")
    text = 'vit 1\nuse "b.vit"\nmodel x = b { m = 3 }\nmodel y = vit { dpeth = 3 }\n'
    assert found(tmp_path, text) == [(4, "V0202"), (3, "V0102"), (5, "V0201")]


def test_what_is_wrong_with_a_use_hides_names_and_nothing_else_does(tmp_path):
    assert found(tmp_path, 'vit 1\nuse "no.vit"\nmodel x = b { m = 3 }\n') == [(2, "V0210")]
    twice = "vit 1\nmodel a = vit { depth = 1 }\nmodel a = vit { depth = 2 }\nmodel b = vit { dpeth = 1 }\nmodel c = a { m = 1 }\n"
    assert found(tmp_path, twice) == [(3, "V0203"), (4, "V0202")]


def test_json_tells_both(tmp_path, monkeypatch, capsys):
    from vitc.__main__ import main

    (tmp_path / "a.vit").write_text(INDEPENDENT)
    monkeypatch.setattr("sys.argv", ["vitc", "check", str(tmp_path / "a.vit"), "--format", "json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    codes = [d["code"] for d in json.loads(capsys.readouterr().out)["diagnostics"]]
    assert codes == ["V0102", "V0102", "V0201", "V0202", "V0302", "V0201", "V0602"]


def test_a_long_chain_of_models_over_a_broken_one_takes_no_time(tmp_path):
    chain = "".join(f"model m{i + 1} = m{i}\n" for i in range(8000))
    assert found(tmp_path, "vit 1\nmodel m0 = vit { dim = }\n" + chain) == [(2, "V0102")]
