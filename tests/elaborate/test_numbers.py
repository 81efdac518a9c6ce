"""Numbers that know where they come from: they are plain numbers to everything else, and their formulas are true."""

import copy
import math
import operator
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.keys import key
from vitc.compiler.elaborate.library import load, loads
from vitc.compiler.elaborate.values import Shape
from vitc.compiler.ir.numbers import Apply, Call, Int, Name, Real, Written, applied, origin, plain, wrapped
from vitc.compiler.ir.program import Layer, member, walk
from vitc.compiler.ir.types import TensorType
from vitc.compiler.passes import cse
from vitc.diagnostics.source import Source, Span

HERE = Span(Source("a.vit", "8"), 0, 1)
OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip
FUNCTIONS = {
    **OPERATORS, "max": max, "min": min, "int": int, "sqrt": math.sqrt, "log2": math.log2, "floor": math.floor,
    "exp": math.exp, "log": math.log, "..": lambda start, stop, i: i,
    "round": lambda x: int(x + 0.5 if x >= 0 else x - 0.5),
    "linspace": lambda a, b, n, i: a + (b - a) * i / max(n - 1, 1),
}  # fmt: skip


def written(value):
    return wrapped(value, Written(HERE))


def value_of(number):
    """A number computed from its formula, the leaves as they are."""
    match origin(number):
        case Apply("-", (one,)):
            return -value_of(one)
        case Apply(op, parts):
            return FUNCTIONS[op](*map(value_of, parts))
        case Call(result=result):
            return value_of(result)
        case Name(given=given, local=True):
            return value_of(given)
        case _:
            return plain(number)


@given(
    st.sampled_from(sorted(OPERATORS)), st.integers(-50, 50) | st.floats(-50, 50), st.integers(-5, 5) | st.floats(-5, 5)
)
def test_arithmetic_is_that_of_plain_numbers_and_keeps_the_formula(op, a, b):
    def result(left, right):
        try:
            return OPERATORS[op](left, right)
        except ArithmeticError as problem:
            return type(problem)

    expected = result(a, b)
    for left, right in ((written(a), written(b)), (written(a), b), (a, written(b))):
        found = result(left, right)
        assert found == expected and repr(found) == repr(expected)
        if isinstance(found, (Int, Real)):
            assert isinstance(found, Int) == isinstance(expected, int)
            assert value_of(found) == expected


def test_origins_are_seen_by_nobody():
    eight, other = written(8), wrapped(8, Name("dim", "parameter", 8, None))
    assert eight == other == 8 and hash(eight) == hash(other) == hash(8)
    assert key(eight) == key(other) == key(8) != key(8.0) != key(True)
    assert key(Shape((eight, eight))) == key(Shape((8, 8)))
    assert TensorType((eight,)) == TensorType((other,)) == TensorType((8,))
    assert cse._frozen((eight, written(0.5))) == cse._frozen((8, 0.5))
    assert cse._frozen(written(1)) != cse._frozen(written(1.0)) != cse._frozen(True)
    assert f"{eight} {eight!r} {written(0.5):g}" == "8 8 0.5"
    assert type(plain(eight)) is int and type(plain(written(0.5))) is float


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_keep_the_origin(again):
    made = again(written(8) // 2)
    assert made == 4 and isinstance(origin(made), Apply) and value_of(made) == 4


def test_truth_values_are_never_wrapped():
    assert written(True) is True and written(None) is None
    assert (written(3) > 2) is True and applied(True, "==", written(3)) is True


def test_an_expression_without_end_says_nothing_in_the_end():
    number = written(1)
    for _ in range(60):
        number = number + number  # doubled: as a tree it would have 2**60 leaves
    assert number == 2**60
    assert not isinstance(from_ := origin(number), Apply) or from_.size <= 200


TEXT = """vit 1
block inner(width: int, scale = 1.0) {
  fc = linear(2 * width)

  forward(x: [N, D]) { return fc(x) * scale }
}

block net(image: shape = 8x8x3, dim: int = 6, hidden: int = 6, rows: int = 4) {
  embed = patch_embed(4, dim)
  a     = inner(dim)
  b     = inner(hidden)

  forward(image: [C, H, W]) {
    x = embed(image)
    left = a(x)
    right = b(x)
    return mean(left + right, axis = -2)
  }
}

model m = net
"""


def test_equal_blocks_are_one_whatever_their_numbers_come_from():
    """And what they give is said in the words of the caller, when it is found again too."""
    root = elaborate(loads(TEXT), "m").root
    assert root.children["a"] is root.children["b"]
    calls = {node.layer: node.output.type.shape[-1] for node in root.bodies[0].nodes if node.is_call}
    assert calls["a"] == calls["b"] == 12
    assert (said(calls["a"]), said(calls["b"])) == ("(2 * dim)", "(2 * hidden)")
    fc = member(root, "a.fc")
    assert isinstance(fc, Layer)
    assert [said(size) for size in fc.weights["weight"].shape] == ["(2 * width)", "x.1"]


def said(number):
    """The formula of a number, as a text."""
    match origin(number):
        case Apply(op, (left, right)):
            return f"({said(left)} {op} {said(right)})"
        case Name(name=name):
            return name
        case _:
            return str(number)


def test_a_shape_keeps_all_its_sizes():
    """Those behind the third too, which have no letter; a list of blocks hands them on."""
    text = """vit 1
block inner(s: shape) {
  fc = linear(s[5])

  forward(x: [C, H, W]) { return fc(x) }
}
block net(image: shape = 8x8x3, s: shape = 1x2x3x4x5x6) {
  layers = [inner(s), inner(s)]

  forward(image: [C, H, W]) { return mean(layers(image), axis = [-2, -3]) }
}
model m = net
"""
    (result,) = elaborate(loads(text), "m").root.bodies[0].outputs
    assert result.type.shape == (6,)


ZOO = sorted(path.stem for path in (SPECS / "zoo").glob("*.vit"))


@pytest.mark.parametrize("name", ZOO)
def test_formulas_of_the_zoo_are_true(name):
    """The first and the last model of each sheet: every number of every body, weight and layer."""
    library = load(SPECS / "zoo" / f"{name}.vit")
    for model in dict.fromkeys([*library.models()[:1], *library.models()[-1:]]):
        found = list(numbers(elaborate(library, model)))
        assert len(found) > 10
        for number in found:
            assert value_of(number) == pytest.approx(number, rel=1e-12), (model, number)


def numbers(program):
    """The numbers of a program that have an origin, each object once."""
    pending, seen = [], {}
    for _, layer in walk(program.root):
        if id(layer) in seen:
            continue
        seen[id(layer)] = layer
        pending += [layer.params, layer.attrs, [spec.shape for spec in layer.weights.values()]]
        for graph in layer.bodies + layer.train:
            pending += [node.attrs for node in graph.nodes]
            pending += [value.type.shape for node in graph.nodes for value in node.outputs]
    while pending:
        one = pending.pop()
        if isinstance(one, (list, tuple)):
            pending += one
        elif hasattr(one, "values"):
            pending += one.values()
        elif isinstance(one, (Int, Real)) and id(one) not in seen:
            seen[id(one)] = one
            yield one
