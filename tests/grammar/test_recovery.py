"""All mistakes of a text in one run, each on its line and once."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vitc.compiler.elaborate.library import load
from vitc.diagnostics import VitError
from vitc.diagnostics.messages import render
from vitc.diagnostics.source import Source
from vitc.grammar import parser
from vitc.grammar.parser import read

SPECS = Path(parser.__file__).parents[1] / "specs"
STD = (SPECS / "std" / "std.vit").read_text(encoding="utf-8")

FIVE = """\
vit 1
model a = vit { dim = , depth = 12 }

block b(heads: int {
  qkv  = linear(3 * D
  proj = linear(D)

  forward(x: [N, D]) -> [N, D] {
    q = qkv(x)
    if heads = 3 { q = x }
    return q +
  }
}
"""


def places(text):
    return [(d.span.line, d.code) for d in read(Source("a.vit", text))[1] if d.span]


def test_mistakes_inside_a_mapping_and_after_it_are_told_together():
    text = 'vit 1\ndata {\n  labels {\n    cat =\n    "dog" = "x", 3 = "y"\n  }\n  mean =\n}\n'
    assert places(text) == [(4, "V0102"), (5, "V0102"), (7, "V0102")]


def test_five_mistakes_are_five_diagnostics_on_their_lines():
    assert places(FIVE) == [(2, "V0102"), (4, "V0104"), (5, "V0104"), (10, "V0110"), (11, "V0102")]


#: Texts whose one mistake could spoil what follows; the line and code of the only diagnostic.
ONCE = {
    "an unclosed brace of a sheet": ("model a = vit {\n  dim = 3\n\nmodel b = vit\n", (2, "V0104")),
    "an unclosed brace at the end": ("model a = vit {\n  dim = 3\n", (2, "V0104")),
    "an unclosed inner brace": ("block a {\n  forward(x) {\n    return x\n}\n\nmodel b = a\n", (3, "V0104")),
    "an unclosed brace, the outer ones closed": (
        "block a {\n  forward(x) {\n    if c { x = 1\n    return x\n  }\n}\nmodel b = a\n", (4, "V0104")),
    "an unclosed bracket over lines": ("model a = vit {\n  x = [1,\n  2, 3]\n  y = 2\n}\n", (3, "V0104")),
    "an unclosed bracket in a header": ("fn f(x: [N, D {\n  y = x\n  return y\n}\nfn g(x) = x\n", (2, "V0104")),
    "an unclosed bracket of parameters": ("block a(\n  x = 1,\n  y = 2\n{\n  forward(x) { return x }\n}\n", (2, "V0104")),
    "one bracket too many": ("fn f(x) = (x + 1))\nfn g(x) = x\n", (2, "V0104")),
    "one brace too many": ("model a = vit { x = 1 } }\nmodel b = vit { x = 1 }\n", (2, "V0104")),
    "one brace too many on its line": ("model a = vit {\n  x = 1\n}\n}\nmodel b = vit { x = 1 }\n", (5, "V0104")),
    "a header without braces": ("block a\n  x = 1\n\n  forward(x) { return x }\nmodel b = a\n", (2, "V0102")),
    "a header and its brace on two lines": ("block a\n{\n  forward(x) { return x }\n}\nmodel b = a\n", (2, "V0102")),
    "a forward without braces": ("block a {\n  forward(x)\n    y = x\n    return y\n}\nmodel b = a\n", (3, "V0102")),
    "an if without braces": ("fn f(x) {\n  if c\n    x = 1\n  return x\n}\nfn g(x) = x\n", (3, "V0102")),
    "a line that goes on without a bracket": ("fn f(x) {\n  y = x +\n    2 * x\n  return y\n}\n", (3, "V0102")),
    "a function of another language": ("def f(x):\n    y = x\n    return y\n\nfn g(x) = x\n", (2, "V0110")),
    "a block that lacks its forward through a mistake": ("block a {\n  forward(x { return x }\n}\n", (3, "V0104")),
    "a branch with a mistake before an else": (
        "fn f(x) {\n  if c { x = } else { x = 2 }\n  return x\n}\n", (3, "V0102")),
    "a condition with a mistake before an else": (
        "fn f(x) {\n  if c = 1 { x = 1 } else { x = 2 }\n  return x\n}\n", (3, "V0110")),
    "a body of nothing but a mistake": ("fn f(x) {\n  return\n}\nfn g(x) = x\n", (3, "V0102")),
    "a text that is never closed": ('data { source = image_folder("a) }\nmodel b = vit\n', (2, "V0109")),
    "an entry of a sheet on one line": ("model a = vit { x = 1, y 2, z = 3 }\n", (2, "V0102")),
    "a mistake inside a call of a sheet": ("model a = vit { x = f(a 3, b = 1), z = 3 }\n", (2, "V0102")),
}  # fmt: skip


@pytest.mark.parametrize("case", ONCE)
def test_a_mistake_is_reported_once(case):
    text, expected = ONCE[case]
    assert places("vit 1\n" + text) == [expected]


def test_a_branch_and_its_other_without_braces_are_two_mistakes():
    text = "vit 1\nfn f(x) {\n  if c\n    x = 1\n  else\n    x = 2\n  return x\n}\nfn g(x) = x\n"
    assert places(text) == [(3, "V0102"), (5, "V0102")]


def _bindings():
    lines = STD.splitlines()
    return [i for i, line in enumerate(lines[:140]) if re.match(r" +\w+ += ", line) and line.count("(") == line.count(")")
            and "{" not in line]  # fmt: skip


def test_a_text_that_is_never_closed_hides_no_open_brace_of_another_item():
    text = 'vit 1\nmodel a = vit { name = "x }\nmodel b = vit {\n  dim = 8\n\nmodel c = vit\n'
    assert places(text) == [(2, "V0109"), (3, "V0104")]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(_bindings()), min_size=1, max_size=8), st.sampled_from(["= 0x10", "=", "= f(", "a b"]))
def test_each_line_that_is_broken_is_reported_and_no_other(broken, what):
    lines = STD.splitlines()
    for index in broken:
        lines[index] = lines[index].partition("=")[0] + what
    assert sorted({line for line, _ in places("\n".join(lines))}) == sorted(i + 1 for i in broken)


PIECES = st.sampled_from([
    "(", ")", "[", "]", "{", "}", "=", ",", ":", '"', "x", "3", " if ", " else ", "\n", "\n  ", "..", ".", "-", "->", "|",
    " for ", " in ", "return ", "forward(", "block a", "model m = ", "fn f(", "#", "'", "%", "é", "4x", "==", "not ", "vit 1\n",
    "\\", "use ", "expect ", "then ", "\t", "1x2", "5 epochs", "\r\n",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_text_gives_a_tree_or_diagnostics_with_places(text):
    text = "vit 1\n" + text
    _, problems = read(Source("a.vit", text))
    for problem in problems:
        assert problem.span is not None and 0 <= problem.span.start <= problem.span.end <= len(text) + 1
        assert not any(word in problem.message for word in ("Token", "_NL", "LBRACE", "__"))
    assert render(problems)


@pytest.mark.parametrize("put", ["", "(", "}", '"', "=", "\n", "é"])
def test_a_small_change_gives_few_diagnostics(put):
    """Changing a character of a good spec is one mistake; where it moves a bracket, some texts may be read in two ways."""
    counts = [len(read(Source("std.vit", STD[:at] + put + STD[at + 1 :]))[1]) for at in range(6, len(STD) - 1, 307)]
    wrong = [count for count in counts if count]
    assert sum(count <= 3 for count in wrong) >= 0.9 * len(wrong)
    assert max(wrong) <= 12


def test_the_mistakes_of_every_file_reached_are_reported(tmp_path):
    (tmp_path / "a.vit").write_text('vit 1\nuse "b.vit"\nmodel a = b { x = }\n')
    (tmp_path / "b.vit").write_text('vit 1\nuse "c.vit"\nblock b {\n}\n')
    (tmp_path / "c.vit").write_text("model c = vit\n")
    with pytest.raises(VitError) as caught:
        load(tmp_path / "a.vit", "a.vit")
    found = {(d.span.source.name, d.span.line, d.code) for d in caught.value.diagnostics if d.span}
    assert found == {("a.vit", 3, "V0102"), ("b.vit", 3, "V0111"), ("c.vit", 1, "V0101")}


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "a.vit").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    (tmp_path / "b.vit").write_bytes(b"x" * 1_000_000)
    for name, code in (("a.vit", "V0106"), ("b.vit", "V0105")):
        with pytest.raises(VitError) as caught:
            load(tmp_path / name)
        assert [d.code for d in caught.value.diagnostics] == [code]


def test_a_mark_of_utf_8_at_the_beginning_of_a_file_is_no_mistake(tmp_path):
    (tmp_path / "a.vit").write_bytes(b"\xef\xbb\xbfvit 1\nmodel a = vit\n")
    assert load(tmp_path / "a.vit").models() == ("a",)
