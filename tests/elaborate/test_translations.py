"""What people write who come from elsewhere: each is refused with what to write instead."""

import pytest
from programs import loads
from vitc.compiler.elaborate import check, elaborate
from vitc.grammar.diagnostics import VitError

BINDING = (
    "block net(image: shape = 8x8x3) {{\n  f = {}\n  forward(image: [C, H, W]) {{ return f(image) }}\n}}\nmodel m = net"
)
FORWARD = "block net(image: shape = 8x8x3) {{\n  forward(image: [C, H, W]) {{ return {} }}\n}}\nmodel m = net"


def told(text):
    """The codes of a text with their messages and helps."""
    try:
        problems = check(loads(f"vit 1\n{text}\n"), "m").problems
    except VitError as problem:
        problems = problem.diagnostics
    return [(d.code, d.message, d.help) for d in problems]


#: Values by position that an op does not take, and what is said of them.
BY_POSITION = {
    "layernorm(64)": "layernorm finds its width itself; for eps write `eps = …`",
    "layernorm(1e-6)": "layernorm finds its width itself; write `eps = 1e-6`",
    "rmsnorm(C)": "rmsnorm finds its width itself; for eps write `eps = …`",
    "batchnorm(64)": "batchnorm finds its width itself; for eps write `eps = …`",
    "groupnorm(8)": "groupnorm finds its width itself; write `groups = 8`",
    "groupnorm(8, 64)": "groupnorm finds its width itself; write `groups = 8`",
    "linear(3, 4)": "input sizes are never written: `linear(4)`",
    "linear(3, 4, false)": "input sizes are never written: `linear(4, bias = false)`",
    "linear(8, false)": "write `linear(8, bias = false)`",
    "conv2d(3, 8, 3)": "input sizes are never written: `conv2d(8, kernel = 3)`",
    "conv2d(3, 8, 3, 2)": "input sizes are never written: `conv2d(8, kernel = 3, stride = 2)`",
    "conv2d(3, 8, kernel = 3)": "input sizes are never written: `conv2d(8, kernel = 3)`",
    "conv2d(64, 3)": "write `conv2d(64, kernel = 3)`",
    "conv2d(64, 3, padding = 1)": "write `conv2d(64, kernel = 3, padding = 1)`",
    "conv_transpose2d(64, [2, 2])": "write `conv_transpose2d(64, kernel = [2, 2])`",
    "lstm(3, 8)": "input sizes are never written: `lstm(8)`",
    "lstm(8, true)": "write `lstm(8, bidirectional = true)`",
}


@pytest.mark.parametrize("call", BY_POSITION)
def test_ops_with_weights_take_their_width_by_position_and_nothing_else(call):
    ((code, message, help),) = told(BINDING.format(call))
    assert (code, help) == ("V0311", BY_POSITION[call]) and message.startswith(f"`{call.partition('(')[0]}(")


def test_the_width_of_a_norm_handed_over_is_refused_where_it_is_given():
    ((code, _, help),) = told("model m = vit { depth = 1, layer = encoder(attn, mlp, norm(dim)) }")
    assert (code, help) == ("V0311", "layernorm finds its width itself; for eps write `eps = …`")


#: Values out of the bounds that ops declare, and the greatest or smallest that is taken.
BOUNDS = {
    "layernorm(eps = {})": (("-1e-9", "1.5", "768"), ("0", "1")),
    "rmsnorm(eps = {})": (("2",), ("1e-12",)),
    "groupnorm(groups = 1, eps = {})": (("-1", "8"), ("0.5",)),
    "batchnorm(eps = {})": (("-1", "64"), ("0",)),
    "batchnorm(momentum = {})": (("-0.1", "1.1"), ("0", "1")),
    "[batchnorm, dropout({})]": (("-0.1", "1", "1.5"), ("0", "0.999")),
}


@pytest.mark.parametrize("call", BOUNDS)
def test_rates_and_eps_have_bounds(call):
    wrong, right = BOUNDS[call]
    for value in wrong:
        assert [code for code, _, _ in told(BINDING.format(call.format(value)))] == ["V0304"], value
    for value in right:
        assert told(BINDING.format(call.format(value))) == [], value


@pytest.mark.parametrize("rate", ["drop", "pos_drop", "attn_drop", "proj_drop", "drop_path"])
def test_the_rates_of_a_model_have_the_bounds_of_their_ops(rate):
    assert [code for code, _, _ in told(f"model m = vit {{ depth = 2, {rate} = 1.0 }}")] == ["V0304"]
    assert [code for code, _, _ in told(f"model m = vit {{ depth = 2, {rate} = -0.1 }}")] == ["V0304"]
    assert told(f"model m = vit {{ depth = 2, {rate} = 0.9 }}") == []


@pytest.mark.parametrize("kind", ["weight([0, 3])", "weight([3, 0])", "weight([0])", "state([0])", "weight([-1])", "weight([2 - C + 1])"])  # fmt: skip
def test_a_size_of_zero_is_refused(kind):
    text = f"block net(image: shape = 8x8x3) {{\n  w = {kind}\n  forward(image: [C, H, W]) {{ return image + mean(w) }}\n}}\nmodel m = net"
    ((code, message, _),) = told(text)
    assert code == "V0304" and message.startswith("sizes are at least 1")


#: Names of ops that have an operator or another function, and how they are written.
OPERATORS = {
    "add(image, 1)": "image + 1", "sub(image, 1)": "image - 1", "mul(image, 2)": "image * 2", "div(image, 2)": "image / 2",
    "floordiv(image, 2)": "image // 2", "mod(image, 2)": "image % 2", "pow(image, 2)": "image ** 2", "neg(image)": "-image",
    "matmul(image, image)": "image @ image", "equal(image, 1)": "where(image == 1, 1.0, image)",
    "not_equal(image, 1)": "where(image != 1, 1.0, image)", "less(image, 1)": "where(image < 1, 1.0, image)",
    "less_equal(image, 1)": "where(image <= 1, 1.0, image)", "greater(image, 1)": "where(image > 1, 1.0, image)",
    "greater_equal(image, 1)": "where(image >= 1, 1.0, image)",
    "logical_and(image > 0, image < 1)": "where(image > 0 and image < 1, 1.0, image)",
    "logical_or(image > 0, image < 1)": "where(image > 0 or image < 1, 1.0, image)",
    "logical_not(image > 0)": "where(not (image > 0), 1.0, image)", "amax(image, axis = -1)": "max(image, axis = -1)",
    "amin(image, axis = -1)": "min(image, axis = -1)", "maximum(image, 1)": "max(image, 1)", "minimum(image, 1)": "min(image, 1)",
}  # fmt: skip
WRITTEN = {
    "add": "a + b", "sub": "a - b", "mul": "a * b", "div": "a / b", "floordiv": "a // b", "mod": "a % b", "pow": "a ** b", "neg": "-x",
    "matmul": "a @ b", "equal": "a == b", "not_equal": "a != b", "less": "a < b", "less_equal": "a <= b", "greater": "a > b",
    "greater_equal": "a >= b", "logical_and": "a and b", "logical_or": "a or b", "logical_not": "not x",
    "amax": "max(x, axis = -1)", "amin": "min(x, axis = -1)", "maximum": "max(a, b)", "minimum": "min(a, b)",
}  # fmt: skip


@pytest.mark.parametrize("call", OPERATORS)
def test_what_has_an_operator_has_no_second_name(call):
    name = call.partition("(")[0]
    ((code, message, help),) = told(FORWARD.format(call))
    assert (code, message, help) == ("V0201", f"nothing here is called `{name}`", f"write `{WRITTEN[name]}`")
    graph = elaborate(loads(f"vit 1\n{FORWARD.format(OPERATORS[call])}\n"), "m").root.bodies[0]
    assert name in {node.op for node in graph.nodes}  # the operator is that very op


@pytest.mark.parametrize("call", ["layernorm(image)", "layernorm(image, eps = 1e-6)", "layernorm(image, 8)", "linear(image, 8)", "batchnorm(image)",
                                  "conv2d(image, 3, 8, 3)", "groupnorm(image, groups = 3)", "lstm(image, 8)"])  # fmt: skip
def test_an_op_with_weights_called_in_a_forward_is_to_be_bound(call):
    name = call.partition("(")[0]
    ((code, message, help),) = told(FORWARD.format(call))
    assert (code, message) == ("V0216", f"{name} has weights: bind it to a name")
    assert help == f"write `NAME = {name}` above `forward` and `NAME(x)` in it"


def test_a_norm_without_weights_may_be_called_in_a_forward():
    assert told(FORWARD.format("layernorm(image, affine = false)")) == []
