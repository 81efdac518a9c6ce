"""The canonical text of a tree."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vitc.diagnostics.source import Source, Span
from vitc.grammar import printer, tree
from vitc.grammar.characters import hidden
from vitc.grammar.parser import parse
from vitc.grammar.printer import print_expression, print_file

SPECS = sorted((Path(printer.__file__).parents[1] / "specs").glob("*/*.vit"))


# ---- random trees, each one that some text has -----------------------------------------------------------------------

NOWHERE = Span(Source("", ""), 0, 0)
RESERVED = ["and", "or", "not", "in", "if", "then", "else", "for", "true", "false", "none", "return", "expect", "match"]
SOFT = ["vit", "use", "fn", "block", "model", "forward", "train", "data"]


def node(kind, *args, **kwargs):
    return st.builds(kind, st.just(NOWHERE), *args, **kwargs)


def tuples(items, low=0, high=3):
    return st.lists(items, min_size=low, max_size=high).map(tuple)


def optional(value):
    return st.none() | value


idents = st.one_of(
    st.sampled_from(["x", "y", "heads", "D", "_", "x1", *SOFT]), st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,4}\Z")
).filter(lambda name: name not in RESERVED)
names = node(tree.Name, idents)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8)
strings = node(tree.String, texts.filter(lambda text: hidden(Source("", text)) is None))
numbers = node(
    tree.Number,
    st.integers(0, 10**20) | st.floats(0, allow_nan=False, allow_infinity=False),
    st.just(""),
)
atoms = st.one_of(
    numbers,
    names,
    strings,
    node(tree.Constant, st.sampled_from([True, False, None])),
    node(tree.Shape, tuples(st.integers(1, 999), 2, 4)),
    node(tree.Unit, st.integers(0, 99) | st.sampled_from([0.5, 1.0, 12.25]), st.sampled_from(["epochs", "steps"])),
)
OPS = ["+", "-", "*", "/", "//", "%", "**", "@", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "..", "not in"]


def _larger(expr):
    clauses = node(tree.Clause, tuples(names, 1, 2), expr)
    slices = node(tree.Slice, optional(expr), optional(expr), optional(expr))
    return st.one_of(
        node(tree.Binary, st.sampled_from(OPS), expr, expr),
        node(tree.Unary, st.sampled_from(["-", "not"]), expr),
        node(tree.Conditional, expr, expr, expr),
        node(tree.Call, expr, tuples(node(tree.Arg, tuples(names, 0, 3), expr))),
        node(tree.Index, expr, tuples(expr | slices | node(tree.Lead), 1, 3)),
        node(tree.Attribute, expr, names),
        node(tree.List, tuples(expr)),
        node(tree.Each, expr, tuples(clauses, 1, 2), optional(expr)),
    )


exprs = st.recursive(atoms, _larger, max_leaves=8)
small = st.recursive(atoms, _larger, max_leaves=3)

patterns = node(tree.Pattern, tuples(small | node(tree.Lead)))
limits = node(tree.Number, st.integers(-99, 99) | st.floats(-9, 9), st.just(""))
bounds = node(tree.Bound, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), limits)
words = node(tree.Word, idents, tuples(bounds, 0, 2)) | node(tree.Word, st.just("none"))
types = node(tree.Type, tuples(words | patterns, 1, 3))
params = tuples(node(tree.Param, names, optional(types), optional(small)), 0, 4)

cases = names | node(tree.Name, st.just("none"))
values = exprs | node(tree.Match, exprs, tuples(node(tree.Arm, tuples(cases, 1, 2), exprs), 1, 3))
lets = node(tree.Let, tuples(node(tree.Target, names, optional(patterns)), 1, 3), values)
expects = node(tree.Expect, small, optional(strings))
returns = node(tree.Return, tuples(node(tree.Result, optional(names), values), 1, 2))


def _nested(stmt):
    body = tuples(stmt, 1, 3)
    return node(tree.For, tuples(names, 1, 2), small, body) | node(tree.If, small, body, tuples(stmt, 0, 2))


stmts = st.recursive(lets | expects | returns, _nested, max_leaves=5)
bodies = tuples(stmts, 1, 3)
binds = node(tree.Bind, names, exprs)
binds_of_blocks = node(tree.Bind, names, values)


def _amend(entry):
    return node(tree.Amend, names, tuples(entry, 0, 4))


entries = st.recursive(binds | expects | node(tree.PatternBind, strings, exprs), _amend, max_leaves=5)


def _short(name, params, result, value):
    body = (tree.Return(NOWHERE, (tree.Result(NOWHERE, None, value),)),)
    return tree.Function(NOWHERE, name, params, result, body, short=True)


outs = st.one_of(
    st.just(()),
    types.map(lambda t: (tree.Out(NOWHERE, None, t),)),
    tuples(node(tree.Out, optional(names), types), 1, 3),
)
kinds = node(tree.Name, st.sampled_from(["data", "train", "export", "weights", "init"]))
items = st.one_of(
    node(tree.Use, strings),
    st.builds(_short, names, params, optional(types), values),
    node(tree.Function, names, params, optional(types), bodies),
    node(tree.Block, names, params, tuples(binds_of_blocks | expects), node(tree.Forward, params, outs, bodies)),
    node(tree.Model, names, names, tuples(entries, 0, 5)),
    node(tree.Section, kinds, optional(names), tuples(entries, 0, 5)),
)
files = node(tree.File, st.just(1), tuples(items, 0, 3))


# ---- the laws --------------------------------------------------------------------------------------------------------


def parsed(text):
    return parse(Source("a.vit", text))


def value(text):
    (model,) = parsed(f"vit 1\nmodel m = b {{ x = {text} }}\n").items
    assert isinstance(model, tree.Model) and isinstance(model.entries[0], tree.Bind)
    return model.entries[0].value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(files)
def test_a_printed_tree_is_read_as_the_same_tree_and_printed_alike(file):
    text = print_file(file)
    again = parsed(text)
    assert again == file
    assert print_file(again) == text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(exprs)
def test_a_printed_expression_is_read_as_the_same(expr):
    assert value(print_expression(expr)) == expr


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_a_bundled_spec_says_the_same_when_printed(path):
    file = parsed(path.read_text(encoding="utf-8"))
    text = print_file(file)
    assert parsed(text) == file
    assert print_file(parsed(text)) == text
    assert not any(line.endswith(" ") for line in text.splitlines())


#: Expressions as printed, with no bracket that could go.
MINIMAL = [
    "a + b + c", "a + (b + c)", "a - b - c", "a - (b - c)", "a * b + c", "a * (b + c)", "(a + b) * c", "a / b / c",
    "a ** b ** c", "(a ** b) ** c", "-a ** b", "(-a) ** b", "a ** -b", "--a", "-(a + b)", "-a + b", "-a * b", "(-a)(b)",
    "not a == b", "(not a) == b", "not (a and b)", "a and b or c", "a and (b or c)", "a or b or c", "a or (b or c)",
    "a == b", "(a == b) == c", "a not in b", "a .. b + 1", "a .. b == c", "a .. (b == c)", "(a or b)[0]", "f(a)(b)[c].d", "f(a .. b)",
    "if a then b else if c then d else e", "(if a then b else c) + d", "a + (if b then c else d)",
    "if if a then b else c then d else e", "[x for x in if a then b else c if d]", "f(if a then b else c, k = not d)",
    "x[a:b, .., :, ::2, a:]", "2 * 224x224x3.h", "1 epoch", "5 epochs", "0.5 steps", "1e-6", "86_567_656", "a @ b @ c",
    r'"a \"b\" \\ \n\t é"',
]  # fmt: skip


@pytest.mark.parametrize("text", MINIMAL)
def test_brackets_stand_only_where_the_order_of_operations_asks_for_them(text):
    assert print_expression(value(text)) == text


@pytest.mark.parametrize("text", ["((a))", "(a * b) + c", "a or (b and c)", "((a)[0])", "(f)(a)", "(-(a))"])
def test_brackets_that_say_nothing_go(text):
    printed = print_expression(value(text))
    assert len(printed) < len(text)
    assert value(printed) == value(text)


@pytest.mark.parametrize(
    ("number", "text"), [(1e-6, "1e-6"), (1e22, "1e22"), (0.5, "0.5"), (3.0, "3.0"), (1.5e-7, "1.5e-7")]
)
def test_a_number_without_its_text_is_short(number, text):
    assert print_expression(tree.Number(value("1").span, number, "")) == text


@pytest.mark.parametrize("wrap", ["-{}", "abs({})", "[{}]", "if a then {} else 1", "1 + ({})", "{}[0]", "not {}"])
def test_the_deepest_tree_that_is_read_is_printed(wrap):
    text = deepest = "1"
    for _ in range(100):
        text = wrap.format(text)
        try:
            value(text)
        except Exception:
            break
        deepest = text
    assert value(print_expression(value(deepest))) == value(deepest)
    assert deepest.count(wrap.format("")[0]) > 10
