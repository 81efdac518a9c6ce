"""What is said of a text that can't be parsed: where, and in which words."""

import pytest
from vitc.diagnostics.source import Source
from vitc.grammar.parser import read


def said(text):
    """Line, column, code and message of each diagnostic."""
    _, problems = read(Source("a.vit", text))
    return [(d.span.line, d.span.column, d.code, d.message) for d in problems if d.span]


def inside(body):
    return f"vit 1\nfn f(x) {{\n{body}\n}}\n"


#: A line of a sheet: where the mistake is (column 3 begins the line), code, message, help.
SHEET = [
    ("dim 768", 7, "V0102", "`=` is missing after `dim`, before `768`", ""),
    ("dim =", 8, "V0102", "a value is missing after `=`", ""),
    ("dim = 3 *", 12, "V0102", "a value is missing after `*`", "a line goes on only where a bracket is open"),
    ("dim = 3 * / 4", 13, "V0102", "a value is missing between `*` and `/`", ""),
    ("= 3", 3, "V0102", "`=` can't begin a line here", "`}`, a text in quotes or a name could"),
    ("heads: 12", 8, "V0110", "a value is given with `=`, not with `:`", "write `heads = …`"),
    ("heads == 12", 9, "V0110", "a value is given with `=`; `==` compares", "write `heads = …`"),
    ("heads += 12", 9, "V0110", "there is no `+=`", "write `heads = heads + …`"),
    ("a = 1 b = 2", 9, "V0102", "`,` or a new line is missing before `b`", ""),
    ("a = 0x10", 7, "V0108", "`0x10` is no number and no shape",
     "numbers are decimal, and the sides of a shape at least 1"),
    ("a = 224x0x3", 7, "V0108", "`224x0x3` is no shape", "each side is at least 1 and has no leading 0"),
    ("a = 4x", 7, "V0108", "`4x` is no value", "a factor is a number: `4.0`"),
    ("a = 12abc", 7, "V0108", "`12abc` is neither a number nor a name", "a name begins with a letter"),
    ("a = 5epochs", 7, "V0108", "a space is missing in `5epochs`", "write `5 epochs`"),
    ("a = 1.", 7, "V0108", "`1.` is no number", "write `1.0`"),
    ("a = .5", 7, "V0108", "`.5` is no number", "write `0.5`"),
    ("a = 79%", 7, "V0108", "there are no percentages; `%` is the remainder of a division", "79 percent are 0.79"),
    ("a = 1e999", 7, "V0108", "`1e999` is larger than any float", "the largest is about 1.8e308"),
    ('a = "digits', 7, "V0109", "this text is never closed", 'it ends with `"` on the same line'),
    (r'a = "C:\data"', 10, "V0109", r"`\d` stands for no character", r'there are \n, \t, \" and \\'),
    ("a = 'digits'", 7, "V0103", "`'` has no place here", 'write `"`'),
    ("a = “digits”", 7, "V0103", "U+201C (left double quotation mark) has no place here", 'write `"`'),
    ("a = 224×224×3", 10, "V0103", "U+00D7 (multiplication sign) has no place here", "write `x` or `*`"),
    ("a = b;", 8, "V0103", "`;` has no place here", "a new line ends a statement, a comma separates entries"),
    ("größe = 3", 5, "V0103", "U+00F6 (latin small letter o with diaeresis) stands in a name",
     "names are made of a-z, A-Z, 0-9 and _"),
    ("a = 3 \\", 9, "V0103", "`\\` has no place here", "a line goes on where a bracket is open"),
    ("a = 3 // per head", 16, "V0110", "`//` divides; a comment begins with `#`", ""),
    ("// a comment", 3, "V0110", "`//` divides; a comment begins with `#`", ""),
    ("attn = attention { heads = 3 }", 20, "V0102", "the settings of `attention` are in parentheses where it is a value",
     "write `attention(…)`, or set them alone: `attn { … }`"),
    ("a = True", 7, "V0110", "`True` is written `true`", ""),
    ("a = None", 7, "V0110", "`None` is written `none`", ""),
    ("a = b && c", 9, "V0103", "`&` has no place here", "write `and`"),
    ("a = b || c", 9, "V0110", "there is no `||`", "write `or`"),
    ("a = !b", 7, "V0103", "`!` has no place here", "write `not` or `!=`"),
    ("a = b if c else d", 9, "V0110", "a choice begins with its condition", "write `if c then a else b`"),
    ("a = [f(b if c else d), e]", 12, "V0110", "a choice begins with its condition", "write `if c then a else b`"),
    ("a = f(b if c then d else e)", 11, "V0102", "`,` is missing before `if`", ""),
    ("a = if b then c", 18, "V0102", "`else` is missing in a choice", "write `if c then a else b`"),
    ("a = if b: c", 11, "V0102", "`then` is missing in a choice", "write `if c then a else b`"),
    ("a = f(1", 8, "V0104", "this `(` is never closed", "`)` is missing; lines inside brackets are indented deeper"),
    ("a = [1, 2)", 7, "V0104", "this `[` is never closed", "`]` is missing; lines inside brackets are indented deeper"),
    ("a = f(1))", 11, "V0104", "this `)` closes nothing", "delete it, or open its bracket"),
    ("a = f(1 2)", 11, "V0102", "`,` is missing before `2`", ""),
    ("a = [b c]", 10, "V0102", "`,` is missing before `c`", ""),
    ("a = f(1, , 2)", 12, "V0102", "a value is missing after `,`", ""),
    ("a = f(else = 2)", 9, "V0102", "a value is missing after `(`", ""),
    ("for = 3", 3, "V0102", "`for` is a word of the language and can't be a name", "choose another"),
    ("a = x[1 .. 2 .. 3]", 16, "V0102", "`..` can't follow `2`", "`]`, `,`, `:` or `in` could"),
    ("if a { b = 3 }", 3, "V0111", "`if` as a statement stands in `forward` or in a `fn`",
     "choose a value: `x = if c then a else b`"),
    ("return a", 3, "V0111", "`return` stands in `forward` or in a `fn`", ""),
    ("block z { forward(x) { return x } }", 3, "V0111", "`block` stands at the top of a file, not inside of something", ""),
    ("layernorm(eps = 1e-6)", 3, "V0102", "`layernorm(…` stands alone: nothing takes its value", "write `name = value`"),
    ("expect a = 3", 12, "V0110", "`=` gives a value; two values are compared with `==`", ""),
    ("expect", 9, "V0102", "a value is missing after `expect`", "a line goes on only where a bracket is open"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "column", "code", "message", "help"), SHEET, ids=[case[0] for case in SHEET])
def test_a_line_of_a_sheet(line, column, code, message, help):
    _, problems = read(Source("a.vit", f"vit 1\nmodel m = vit {{\n  good = 1\n  {line}\n  last = 2\n}}\n"))
    found = [(d.span.line, d.span.column, d.code, d.message, d.help) for d in problems if d.span]
    assert found == [(4, column, code, message, help)]


#: A line of a body.
BODY = [
    ("attn(x)", 3, "V0102", "`attn(…` stands alone: nothing takes its value"),
    ("self.attn = x", 3, "V0110", "there is no `self`"),
    ("y = x +", 10, "V0102", "a value is missing after `+`"),
    ("if x = 3 { y = x }", 8, "V0110", "`=` gives a value; two values are compared with `==`"),
    ("for i y { y = x }", 9, "V0102", "`y` can't follow `i`"),
    ("elif x { y = x }", 3, "V0110", "`elif` is no word of the language"),
    ("else { y = x }", 3, "V0111", "this `else` belongs to no `if`"),
    ("let y = x", 3, "V0110", "`let` is no word of the language"),
    ("y = x z = x", 9, "V0102", "a new line is missing before `z`"),
    ("y: N = x", 6, "V0102", "a shape is missing after `:`"),
    ("if x { }", 10, "V0102", "there is nothing between these braces"),
    ("y = match x { true => z }", 17, "V0315", "an arm of a `match` is for a word or `none`, not for `true`"),
    ("y = match x { 1 => z }", 17, "V0315", "an arm of a `match` is for a word or `none`, not for `1`"),
    ('y = match x { "a" => z }', 17, "V0315", 'an arm of a `match` is for a word or `none`, not for `"a"`'),
]


@pytest.mark.parametrize(("line", "column", "code", "message"), BODY, ids=[case[0] for case in BODY])
def test_a_line_of_a_body(line, column, code, message):
    assert said(inside(f"  z = x\n  {line}\n  return z")) == [(4, column, code, message)]


#: Whole items, and the beginnings of texts.
ITEMS = [
    ("model a = vit { dim = 3 }\n", [(1, 1, "V0101", "a spec begins with its edition")]),
    ("# a comment\nmodel a = vit { dim = }\n", [(1, 1, "V0101", "a spec begins with its edition"),
                                               (2, 23, "V0102", "a value is missing after `=`")]),
    ("", [(1, 1, "V0101", "a spec begins with its edition")]),
    ("vit\nmodel a = vit\n", [(1, 1, "V0101", "a spec begins with its edition")]),
    ("vit 2\nmodel a = vit\n", [(1, 5, "V0101", "there is no edition `2` of the language")]),
    ("vit 1\nuse std.vit\n", [(2, 5, "V0102", "the name of a file stands in quotes")]),
    ("vit 1\nmodle a = vit\n", [(2, 1, "V0102", "`modle` begins no item")]),
    ("vit 1\nmodel a: vit\n", [(2, 8, "V0110", "what a model is built from comes after `=`")]),
    ("vit 1\nmodel = vit\n", [(2, 1, "V0111", "`model` is bound outside of everything")]),
    ("vit 1\nmodel a = vit(dim = 3)\n", [(2, 14, "V0102", "the values of a model stand in braces")]),
    ("vit 1\nmodel a = vit\n{\n  dim = 3\n}\n", [(3, 1, "V0102", "`{` can't begin a line")]),
    ("vit 1\ndim = 768\n", [(2, 1, "V0111", "`dim` is bound outside of everything")]),
    ("vit 1\ndata = { source = digits }\n", [(2, 6, "V0102", "a section has no `=`")]),
    ("vit 1\ndef f(x):\n  return x\nfn g(x) = x\n", [(2, 1, "V0110", "`def` is no word of the language")]),
    ("vit 1\nfn f(x) = x\n}\nfn g(x) = x\n", [(3, 1, "V0104", "this `}` closes nothing")]),
    ("vit 1\nfn f(x: int >) = x\n", [(2, 14, "V0102", "a number is missing after `>`")]),
    ("vit 1\nfn f(x: ) = x\n", [(2, 9, "V0102", "a type is missing after `:`")]),
    ("vit 1\nfn f(x, y z) = x\n", [(2, 11, "V0102", "`,` is missing before `z`")]),
    ("vit 1\nfn f(x) -> = x\n", [(2, 12, "V0102", "a type is missing after `->`")]),
    ("vit 1\nfn f(x)\n{\n  return x\n}\n", [(2, 8, "V0102", "the line ends before its `{`")]),
    ("vit 1\nblock a {\n  x = 1\n}\n", [(2, 7, "V0111", "the block `a` has no `forward`")]),
    ("vit 1\nblock a {\n  forward(x) { return x }\n  y = 1\n}\n", [(4, 3, "V0111", "`forward` comes last in a block")]),
    ("vit 1\nblock a {\n  forward(x) { return x }\n  forward(x) { return x }\n}\n",
     [(4, 3, "V0111", "a block has one `forward`")]),
    ("vit 1\nblock a {\n  forward { return 3 }\n}\n", [(3, 11, "V0102", "`forward` is missing its inputs")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ITEMS, ids=[repr(case[0])[:50] for case in ITEMS])
def test_items(text, expected):
    assert said(text) == expected
