"""Texts drawn at random, seeded: each is right, or refused with diagnostics that have a place. No other exception leaves."""

import random
import re
from dataclasses import replace

import pytest
from vitc.compiler import elaborate, ops
from vitc.compiler.elaborate import language
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import loads
from vitc.diagnostics import VitError
from vitc.diagnostics.messages import render
from vitc.runtime import sections

TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z_]\w*|\d[\w.]*|\*\*|//|->|\.\.|[<>=!]=|\n|[^\s\w]|[ \t]+|#[^\n]*')
#: Values that some place of a text takes and another must refuse.
ODD = """0|1|-1|2|3|1e39|1e-50|1e308|0.5|-0.0|2147483648|9007199254740993|10**30|true|false|none|inf|pi|identity|training|"x"|""|"{i}"
8x8x3|8x8|5 epochs|[]|[1, 2]|[[1, 2], [3]]|[x for x in [1, 2]]|0 .. 3|0 .. 10**9|layernorm|layernorm(eps = 1e39)|batchnorm|groupnorm(groups = 3)
linear|linear(8)|gelu|attention|attention(2)|mlp|vit|weight([3], 0.0)|weight|state([2], 1)|normal(0.02)|uniform(0.0, inf)|share(x)|share
arange(3)|zeros([2, 3])|if true then 1 else 2|not true|-x|x|y|image|N|D|dim|depth|adamw(lr = 1e39)|cosine(5 epochs)|image_folder("x")|m
m.dim|image.h|image.q|x[0]|x[..]|x[1:]|x[::0]|1 / 0|0.0 / 0.0|inf - inf|len([1])|linspace(0, 1, 3)|"a" + "b"|1 == [1]|1 in 2|1 < "a"
conv2d(3, kernel = 3)|resize(x, [2, 2])|rearrange(x, "c h w -> c (h w)")|einsum(x, x, "a b, b c -> a c")|lstm(3)|split(x, 2)|concat([x, x])
repeat(x, "a -> a b", b = 3)|sum([x, 1])|max(x)|int(inf)|dropout(x, 2.0)|random_subset(3, 2)|pad(x, [[1, 2]])|mean|bilinear""".replace(
    "\n", "|"
).split("|")
#: What the block below has in sight: tensors of rank 1 to 4, constants, layers, a function, a block.
TENSORS = ["x1", "x2", "x3", "x4", "c1", "c2", "i1", "b1", "w"]
IN_SIGHT = [
    *TENSORS,
    "l",
    "lin",
    "lin2",
    "blk",
    "fnn",
    "fnn(x2)",
    "[l, lin]",
    "[x2, x2]",
    "shape(x2)",
    "x3[0]",
    "x2 == 1",
    *ODD,
]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "@", "==", "!=", "<", "<=", "in", "and", "or", ".."]
BLOCK = """vit 1
fn fnn(a, b: int = 2) = a * b
block blk(p: int = 3, q: block = identity) {
  lin = linear(p)
  q = q
  forward(x: [.., D], k = 1) -> [.., p] { return q(lin(x)) }
}
block b(image: shape = 8x8x3, n: int = 4) {
  w = weight([3], 0.5)
  lin = linear(3)
  lin2 = blk(5)
  l = [linear(4), blk(4), gelu]
  z = BOUND
  forward(image: [C, H, W]) {
    x3 = image
    x4 = rearrange(image, "c h w -> h w 1 c")
    x1 = mean(image, axis = [-2, -1])
    x2 = rearrange(image[:, :2, :2], "c h w -> c (h w)")
    c1 = arange(4) + 0.5
    c2 = ones([3, 4])
    i1 = arange(3)
    b1 = x1 > 0.0
    y = STATEMENT
    for i, t in LIST { x1 = ITEM }
    return x1
  }
}
model m = b
"""
#: Values of each kind of parameter of an op; one in five is drawn from everything instead.
PARAMS = {
    "int": ["1", "2", "4", "10**15"], "float": ["0.1", "1e-5", "1e39", "inf"], "scalar": ["1", "0.5", "inf"],
    "bool": ["true", "false"], "pair": ["1", "[2, 2]", "1000000"], "ints": ["[1]", "[1, 2, 3]", "[-1]"],
    "axis": ["-1", "-3", "-9"], "axes": ["-1", "[-1, -2]", "[-1, -1]"], "dtype": ["float", "int", "bool"],
    "text": ['"a b, b c -> a c"', '"i j -> j i"', '"x"'], "pairs": ["[[1, 1]]", "[[0, 1], [2, 0]]", "[[-1, 0]]"],
}  # fmt: skip
#: Bundled texts that are checked in a moment.
GOOD = [
    text for path in sorted(SPECS.glob("*/*.vit"))
    if len(text := path.read_text(encoding="utf-8")) < 2_500 and "model " in text
]  # fmt: skip
WORDS = sorted({word for text in GOOD for word in TOKEN.findall(text) if word.strip() and not word.startswith("#")})


def value(draw, depth=0):
    return expression(draw, depth + 1) if depth < 2 and draw.random() < 0.3 else draw.choice(IN_SIGHT)


def expression(draw, depth=0):
    """A call, an operator, an item, a choice or a list of what is in sight."""

    def some():
        return value(draw, depth)

    kind = draw.randrange(10)
    if kind < 6:
        name = draw.choice(language.names())
        return f"{name}({', '.join(arguments(draw, name, some))})"
    return [
        lambda: f"({some()} {draw.choice(OPERATORS)} {some()})",
        lambda: f"{some()}[{draw.choice([some(), '..', '0', '1:', '::2', '-1', f'{some()}:{some()}'])}]",
        lambda: draw.choice([f"[{some()} for q in {some()}]", f"(if {some()} then {some()} else {some()})"]),
        lambda: draw.choice([f"{some()}({some()})", f"-{some()}", f"not {some()}", f"[{some()}, {some()}]"]),
    ][kind - 6]()


def arguments(draw, name, some):
    """Tensors and parameters of an op; of other functions anything."""
    if name not in ops.names() or draw.random() < 0.2:
        return [some() for _ in range(draw.randrange(1, 4))]
    op = ops.get(name)
    inputs = [draw.choice(TENSORS) for _ in op.inputs]
    if any(each.endswith("*") for each in op.inputs):
        inputs = [f"[{', '.join(inputs)}]"]
    params = [
        f"{p.name} = {draw.choice([*p.choices] or PARAMS.get(p.kind, ODD)) if draw.random() < 0.8 else some()}"
        for p in op.params
        if draw.random() < 0.6
    ]
    return inputs + params


def drawn(draw):
    """The block above with an expression in each of its gaps."""
    text = BLOCK
    for gap in ("BOUND", "STATEMENT", "LIST", "ITEM"):
        text = text.replace(gap, expression(draw) if draw.random() < 0.7 else draw.choice(["1", "[1]", "x1"]))
    return text


def mutated(draw):
    """A bundled text in which up to three words are taken out, doubled, changed for each other or for an odd value."""
    words = TOKEN.findall(draw.choice(GOOD))
    places = [i for i, word in enumerate(words) if word.strip() and not word.startswith("#")][2:]
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        place, other = draw.choice(places), draw.choice(places)
        kind = draw.randrange(6)
        if kind == 0:
            words[place] = ""
        elif kind == 1:
            words[place] += f" {words[place]}"
        elif kind == 2:
            words[place], words[other] = words[other], words[place]
        else:
            words[place] = draw.choice([draw.choice(ODD), draw.choice(WORDS), expression(draw, 1)])
    return "".join(words)


def found_in(text):
    """What a check finds in a text and in its first two models."""
    try:
        library = replace(loads(text, "spec.vit"), sections=sections.SECTIONS.names())
        found = list(elaborate.mistakes(library))
        for name in library.models()[:2]:
            checked = elaborate.check(library, name)
            found += [*checked.problems, *sections.mistakes(checked.sections, checked.program)]
    except VitError as problem:
        found = list(problem.diagnostics)
    return found


def check(seed, count):
    draw, right = random.Random(seed), 0
    for _ in range(count):
        text = drawn(draw) if draw.random() < 0.6 else mutated(draw)
        try:
            found = found_in(text)
            render(found)
        except Exception as problem:
            pytest.fail(f"{type(problem).__name__}: {problem}\n{text}")
        assert all(each.span for each in found if each.severity == "error"), text
        right += not found
    assert 0 < right < count  # both kinds were drawn


def test_random_texts_are_right_or_refused():
    check(1, 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 10))
def test_many_random_texts_are_right_or_refused(seed):
    check(seed, 500)
