"""Texts made to do harm: an answer with a code and a place, in time linear in their size, without deep recursion."""

import gc
import sys
import time

import pytest
from vitc.diagnostics.messages import render
from vitc.diagnostics.source import Source
from vitc.grammar.parser import read

HEAD = "vit 1\n"


def in_sheet(value):
    return f"{HEAD}model m = vit {{ dim = {value} }}\n"


def in_body(lines):
    return f"{HEAD}fn f(x, y) {{\n{lines}\n  return x\n}}\n"


#: Texts by size, and the codes that may come of them (none: they are well-formed).
GROWING = {
    "brackets": (lambda n: in_sheet("(" * n + "1" + ")" * n), {"V0107"}),
    "lists never closed": (lambda n: in_sheet("[" * n), {"V0107"}),
    "blocks": (lambda n: HEAD + "block a {" * n, {"V0107"}),
    "closing brackets": (lambda n: in_sheet("1" + ")" * n), {"V0104"}),
    "minuses": (lambda n: in_sheet("- " * n + "1"), {"V0107"}),
    "minuses of nothing": (lambda n: in_sheet("-" * n), {"V0102", "V0107"}),
    "nots": (lambda n: in_sheet("not " * n + "true"), {"V0107"}),
    "powers": (lambda n: in_sheet("2 ** " * n + "2"), {"V0107"}),
    "a long sum": (lambda n: in_sheet("1 + " * n + "1"), {"V0107"}),
    "calls in a row": (lambda n: in_sheet("f" + "(1)" * n), {"V0107"}),
    "choices": (lambda n: in_sheet("if a then 1 else " * n + "1"), {"V0107"}),
    "else if": (lambda n: in_body("  if y { x = 1 }" + " else if y { x = 2 }" * n), {"V0107"}),
    "else if, broken": (
        lambda n: in_body("  if y { x = 1 }" + " else if y { x = 2 }" * n + " else if"),
        {"V0102", "V0107"},
    ),
    "a long list": (lambda n: in_sheet("[" + "1, " * n + "1]"), set()),
    "a long comment": (lambda n: f"{HEAD}# {'x' * n}\nmodel m = vit\n", set()),
    "many comments": (lambda n: HEAD + "# x\n" * n + "model m = vit\n", set()),
    "empty lines": (lambda n: HEAD + "\n  \t" * n + "\nmodel m = vit\n", set()),
    "empty lines, then a word that goes on": (
        lambda n: in_body("  z = if y then 1" + "\n  " * n + "other 2"),
        {"V0102"},
    ),
    "a long name": (lambda n: in_sheet("a" * n), set()),
    "a long text": (lambda n: in_sheet('"' + "a" * n + '"'), set()),
    "a long text never closed": (lambda n: in_sheet('"' + "a" * n), {"V0109"}),
    "many quotes": (lambda n: in_sheet('"' * (2 * n + 1)), {"V0102"}),
    "backslashes": (lambda n: in_sheet('"' + "\\" * (2 * n + 1)), {"V0109"}),
    "a long integer": (lambda n: in_sheet("9" * n), {"V0108"}),
    "a long fraction": (lambda n: in_sheet("0." + "9" * n), {"V0108"}),
    "a long shape": (lambda n: in_sheet("1" + "x1" * n), set()),
    "a long shape, broken": (lambda n: in_sheet("1" + "x1" * n + "_"), {"V0108"}),
    "a long unit": (lambda n: in_sheet("1" * n + " epochs"), {"V0108"}),
    "odd characters": (lambda n: in_sheet("?" * n), {"V0103"}),
    "lines that fail": (lambda n: HEAD + "model m = vit { a = }\n" * n, {"V0102"}),
    "entries that fail": (lambda n: HEAD + "model m = vit {" + "a b, " * n + "}\n", {"V0102"}),
    "one failing line of many": (lambda n: in_body("  x = y\n" * n + "  x ="), {"V0102"}),
    "items": (lambda n: HEAD + "model m = vit\n" * n, set()),
    "NUL": (lambda n: HEAD + "\0" * n, {"V0103"}),
    "directions turned": (lambda n: HEAD + "# \u202e\n" * n, {"V0103"}),
}


@pytest.fixture
def no_collections():
    """A full collection walks what all tests before this one hold: time that the text did not cost."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("kind", GROWING)
def test_time_grows_no_faster_than_the_text(kind):
    """Ten times the text in at most fifteen times the time (and in ten seconds)."""
    make, codes = GROWING[kind]
    limit = sys.getrecursionlimit()
    took = []
    for size in (1_000, 10_000):
        text = make(size)
        start = time.process_time()
        _, problems = read(Source("a.vit", text))
        assert len(render(problems)) < 2_000 * max(1, len(problems))
        took.append(time.process_time() - start)
        assert {d.code for d in problems} == codes or (codes and {d.code for d in problems} <= codes)
        assert all(d.span and 0 <= d.span.start <= d.span.end <= len(text) + 1 for d in problems)
    assert sys.getrecursionlimit() == limit
    assert took[1] < 15 * max(took[0], 0.2)
    assert took[1] < 10


@pytest.mark.parametrize("count", [100_000])
@pytest.mark.parametrize("sign", ["-", "("])
def test_a_hundred_thousand_signs_in_a_row(count, sign):
    start = time.process_time()
    _, problems = read(Source("a.vit", in_sheet(sign * count + "1")))
    assert [d.code for d in problems] == ["V0107"]
    assert time.process_time() - start < 5


def test_nothing_recurses_on_a_text_that_nests():
    """With a stack that is nearly used up each of these would fail if any part called itself for each level."""
    texts = [make(2_000) for make, _ in GROWING.values()]
    read(Source("a.vit", texts[0]))  # the tables are loaded
    limit = sys.getrecursionlimit()
    depth = 0
    frame = sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(depth + 60)
    try:
        for text in texts:
            read(Source("a.vit", text))
    finally:
        sys.setrecursionlimit(limit)


#: Characters that do not show, or show otherwise.
HIDDEN = ["\0", "\x1b", "\x07", "\x7f", "\x85", "\u00ad", "\u200b", "\u200f", "\u202e", "\u2028", "\u2066", "\ufeff"]


@pytest.mark.parametrize("char", HIDDEN, ids=lambda c: f"U+{ord(c):04X}")
@pytest.mark.parametrize(
    "place", ["vit 1\nmodel m = vit { a = 1%s }\n", 'vit 1\ndata { a = "x%sy" }\n', "vit 1\n# x%s\n"]
)
def test_a_character_that_can_not_be_seen_is_refused_everywhere(char, place):
    _, problems = read(Source("a.vit", place % char))
    assert [d.code for d in problems] == ["V0103"]
    assert problems[0].span and problems[0].span.text == char
    assert char not in render(problems)


def test_windows_line_ends_are_line_ends():
    text = "vit 1\r\n# a comment\r\nmodel m = vit {\r\n  a = [1,\r\n    2]\r\n\r\n  b = if x\r\n    then 1\r\n    else 2\r\n}\r\n"
    file, problems = read(Source("a.vit", text))
    assert not problems
    assert file == read(Source("a.vit", text.replace("\r\n", "\n")))[0]


def test_the_place_of_a_mistake_counts_windows_line_ends_once():
    _, problems = read(Source("a.vit", "vit 1\r\nmodel m = vit {\r\n  a =\r\n}\r\n"))
    assert [(d.span.line, d.span.column) for d in problems if d.span] == [(3, 6)]


def test_a_carriage_return_alone_ends_no_line():
    _, problems = read(Source("a.vit", "vit 1\rmodel m = vit\r"))
    assert [(d.code, d.span.start) for d in problems if d.span] == [("V0103", 5)]


@pytest.mark.parametrize(
    "text", ["", "\n", " ", "\t", "#", "vit", "vit 1", "vit 1 ", "vit 1\n#", "vit 1 # x", "\n\nvit 1"]
)
def test_next_to_nothing(text):
    _, problems = read(Source("a.vit", text))
    assert [d.code for d in problems] == ([] if "vit 1" in text else ["V0101"])
    render(problems)


def test_a_line_of_a_megabyte_is_shown_in_part():
    _, problems = read(Source("a.vit", in_sheet("a + " * 50_000 + "]")))
    shown = render(problems)
    assert len(shown) < 1_000
    assert max(len(line) for line in shown.splitlines()) < 250
