"""What people write who come from elsewhere: each is refused with what to write instead."""

import re
from pathlib import Path

import pytest
import vitc
from programs import loads
from vitc.compiler.elaborate import check, elaborate
from vitc.diagnostics import VitError
from vitc.runtime.sections import mistakes

BINDING = (
    "block net(image: shape = 8x8x3) {{\n  f = {}\n  forward(image: [C, H, W]) {{ return f(image) }}\n}}\nmodel m = net"
)
FORWARD = "block net(image: shape = 8x8x3) {{\n  forward(image: [C, H, W]) {{ return {} }}\n}}\nmodel m = net"


def told(text):
    """The codes of a text with their messages and helps; of warnings those of axes."""
    try:
        checked = check(loads(f"vit 1\n{text}\n"), "m")
        problems = (*checked.problems, *(d for d in checked.warnings if d.code == "V0417"))
    except VitError as problem:
        problems = problem.diagnostics
    return [(d.code, d.message, d.help) for d in problems]


#: Values by position that an op does not take, and what is said of them.
BY_POSITION = {
    "layernorm(64)": "layernorm finds its width itself; for eps write `eps = …`",
    "layernorm(none)": "layernorm finds its width itself; for eps write `eps = …`",
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


@pytest.mark.parametrize(
    "rate", ["head_drop.rate", "pos_drop.rate", "attn.attn_drop", "attn.drop", "mlp.drop", "drop_path"]
)
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


# ---- words of other languages ------------------------------------------------------------------------------------------

BODY = """block net(image: shape = 8x8x3) {{
  f = [relu, gelu]
  fc = linear(3)
  forward(image: [C, H, W]) {{
    x: [N, D] = tokens(image)
    y = {}
    return fc(f(x))
  }}
}}
model m = net"""
PAGE = Path(vitc.__file__).parent / "docs" / "language.md"
TABLE = PAGE.read_text(encoding="utf-8").partition("## From PyTorch\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| `(.*)` \| `(.*)` \|$", TABLE, re.M)


def test_the_page_has_a_table():
    assert len(ROWS) > 20


@pytest.mark.parametrize(("theirs", "ours"), ROWS)
def test_each_row_of_the_page_is_answered_and_what_it_says_is_right(theirs, ours):
    found = told(BODY.format(theirs))
    assert found and all(help or ".." in message for _, message, help in found)
    bound = f"w = {ours}\n  fc = linear(3)"  # a weight stands above `forward`
    weight = ours.startswith("weight(")
    assert told(BODY.format("x + w").replace("fc = linear(3)", bound) if weight else BODY.format(ours)) == []


#: An expression of `forward`, and what the first mistake is answered with.
EXPRESSIONS = {
    "self.head(x)": "write `head`: a layer is called by its name alone",
    "nn.Linear(3, 4)": "`linear(out)`: the input size is never written",
    "torch.nn.Linear(3, 4)": "`linear(out)`: the input size is never written",
    "nn.functional.gelu(x)": "write `gelu(…)`",
    "x.shape[0]": "`shape(x)` gives the sizes",
    "x.size(0)": "`shape(x)` gives the sizes",
    "x.permute(1, 0)": '`rearrange(x, "a b c -> b a c")` permutes axes',
    "permute(x, [1, 0])": '`rearrange(x, "a b c -> b a c")` permutes axes',
    "x.transpose(0, 1)": "`transpose(x)` swaps the last two axes",
    "transpose(x, 0, 1)": "`transpose(x)` swaps the last two axes",
    "x.view(3, -1)": "splits and joins axes",
    "reshape(x, [3, 64])": "splits and joins axes",
    "[g for i, g in enumerate(f)]": "`for i, x in xs` gives the index and the item",
    "[g for g, h in zip(f, f)]": "goes through two lists",
    "[i for i in range(3)]": "`0 .. n` are the integers",
    "mean(x, axis = -1, keepdim = true)": "did you mean `keep`?",
    "softmax(x, dim = -1)": "did you mean `axis`?",
    "chunk(x, 3, dim = -1)": "did you mean `axis`?",
    "split(x, 3, dim = -1)": "did you mean `axis`?",
    "linear(in_features = 3, out_features = 4)": "input sizes are never written: leave it out",
    "conv2d(in_channels = 3, out = 8, kernel = 3)": "input sizes are never written: leave it out",
    "linear(out_features = 4)": "did you mean `out`?",
    "linear(4)(x)": "write `NAME = linear` above `forward` and `NAME(x)` in it",
    "attention(3)(x)": "write `NAME = attention(3)` above `forward` and `NAME(x)` in it",
    "mlp(x)": "write `NAME = mlp` above `forward` and `NAME(x)` in it",
    "image.h": "inside `forward`, `image` is the tensor: name its sizes by a pattern, `image: [C, H, W]`",
    'rearrange(x, "b n d -> b d n")': "the batch axis is not written: leave it out",
    'rearrange(image, "B c h w -> B (h w) c")': "the batch axis is not written: leave it out",
    'repeat(x, "b n d -> b n d k", k = 2)': "the batch axis is not written: leave it out",
    'einsum(x, x, "b n d, b m d -> b n m")': "the batch axis is not written: leave it out",
    'einsum(x, x, "nd,md->nm")': 'a space stands between two axes: "n d, m d -> n m"',
    'einsum("n d, m d -> n m", x, x)': 'the tensors come first: `einsum(a, b, "n d, m d -> n m")`',
    "x[:, :, 0]": "the batch axis is not written: leave its `:` out",
    "x[:, 0]": "write `x[0]` for tokens, `x[.., 0]` for channels",
    "x[:, -1]": "write `x[-1]` for tokens, `x[.., -1]` for channels",
    "x[:, 1:]": "write `x[1:]` for tokens, `x[.., 1:]` for channels",
    "x[arange(2)]": "`take(x, index, axis = -2)` takes rows by a table",
    "gather(x, 0, arange(2))": "`take(table, index, axis = -2)`",
    "meshgrid(arange(2), arange(3))": '`repeat(y, "a -> a b", b = n)`',
    'x * float("-inf")': "`inf` and `-inf` are numbers",
    "mean(x)": "write `mean(x, axis = -1)`",
    "max(x) > 0": "write `max(x, axis = -1)`",
    "stochastic_depth(x)": "write `stochastic_depth(x, rate = …)`",
    "roll(x, shift = [1, 2], dims = [1, 2])": "did you mean `axis`?; there is axis, shift",
    "drop_path(x)": "`stochastic_depth(x, rate)`",
    "sequential(relu, gelu)": "`[a, b, c]` is a list of layers",
    "weight([3])": "write this line above `forward`",
    "[3] * 2": "`[x for i in 0 .. n]` repeats x",
    'rearrange(x, "(h w) d -> h w d")': "give the size of all but one of them: `h = …`",
    "x[none]": '`rearrange(x, "n -> 1 n")` adds an axis',
    "if x > 0 then x else 0": "`where(condition, a, b)` chooses element by element",
    "f[0](x) if true else x": "write `if c then a else b`",
    "true ? x : image": "write `if c then a else b`",
    'linear(f"3")': 'the text after `else` of an `expect` holds values in braces: "{dim} channels"',
    "f(lambda x)": "`fn f(x) = …` at the top of the file names a function",
    "zeros(3)": "write `[3]`",
    "len(x)": "`shape(x)` gives the sizes of a tensor",
    "topk(x, 3)": "the language has no sorting",
    "argmax(x)": "no `argmax`",
    "leaky_relu(x)": "`max(x, 0.01 * x)`",
    "elu(x)": "`where(x > 0, x, exp(x) - 1)`",
    "eq(x, 1)": "`a == b`",
    "null": "`none`",
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_from_elsewhere_is_answered_with_ours(expression):
    assert EXPRESSIONS[expression] in told(BODY.format(expression))[0][2]


#: What is not an expression: the whole text, the message and what it is answered with.
TEXTS = [
    (BODY.format("x\n    x = x; y = x"), "`;` has no place here", "a new line ends a statement"),
    (BODY.format("x\n    self.x = x"), "there is no `self`", "a layer is called by its name alone"),
    (BODY.format("x\n    if x > 0 { y = x }"), "a condition is true or false while compiling", "`where(condition, a, b)`"),
    (BODY.format("x\n    if D == 3 { y = x } elif D == 4 { y = x }"), "`elif` is no word of the language", "`else if`"),
    (BODY.format('x\n    expect D == 3 else f"{D} channels"'), "there is no `f` before a text", "leave it out"),
    (BODY.format("x\n    assert D == 3"), "`assert` is no word of the language", "`expect a == b else"),
    (BODY.format("x\n    print(x)"), "`print(…` stands alone", "`vitc show SPEC --flow` prints every shape"),
    (BODY.format("x\n    f.append(x)"), "`f.…` stands alone", "lists are never changed"),
    (BODY.format("x\n    a, b, c = x"), "3 names for 1 value", ""),
    (BODY.format('x\n    a, b = rearrange(x, "n (t d) -> t n d", d = 1, t = 3)[:2]'), "2 names for 1 value", "`unstack(x)` is the list"),
    (BODY.format("x\n    B, N, D = shape(x)"), "3 names for 2 values", "the batch axis is not written: leave it out"),
    (BODY.format("x\n    x[0] = 1"), "nothing is changed in place", "`where(condition, new, x)`"),
    (BODY.format("x\n    if x is not none { y = x }"), "there is no `is`", "write `x == none` or `x != none`"),
    (BODY.format("x\n    if 0 < N < 3 { y = x }"), "comparisons are not chained", "write `a < b and b < c`"),
    (BODY.format('x\n    expect N == 64, "size"'), "the text of an `expect` comes after `else`", ""),
    (BODY.format("x\n      * 2"), "`*` can't begin a line here", "a line goes on only inside brackets"),
    (BODY.format("x").replace("  forward", "  def forward"), "`def` is no word of the language", "write `forward(x: [N, D])"),
    (BODY.format("x").replace("8x8x3)", "8x8x3, k: list[int] = [3])"), "a type has nothing in brackets", "write `list`"),
    (BODY.format("x").replace("8x8x3)", "8x8x3, k: Optional[int] = 3)"), "a type has nothing in brackets", "write `int | none`"),
    (BODY.format("x").replace("[relu, gelu]", "nn.Sequential(*[relu, gelu])"), "there is no `*` before a list", "`xs + ys` joins lists"),
    (BODY.format("x").replace("[relu, gelu]", "attention(8 / 2)"), "`heads` takes int, not 4.0", "`/` gives a float: write `//`"),
    (BODY.format("x").replace("8x8x3)", "8x8x3, k: list = [3, 4])").replace("[relu, gelu]", "attention(k(1))"), "3 can't be called", "write `k[1]` for an item"),
    (BODY.format("x").replace("8x8x3)", "8x8x3, fcs: list = [3, 4])").replace("[relu, gelu]", "attention(fc[1])"), "the layer `fc` has no items", "did you mean `fcs`?"),
    ("model m = vit { blocks[0].attn.heads = 4 }", "a path has no index", "set the list: `blocks = [… for i in 0 .. n]`"),
    ("model m = vit { blocks.0.attn.heads = 4 }", "a path has no index", "set the list: `blocks = [… for i in 0 .. n]`"),
    ("model m = vit { pool = avg }", "nothing here is called `avg`", "write one of these words: token, mean, max"),
    (BODY.format("x[..., 0]"), "`...` is written `..`", ""),
    (BODY.format('rearrange(x, "... d -> d ...")'), "`...` is written `..` in a pattern too", ""),
    (BODY.format("x").replace("[C, H, W]", "[B, C, H, W]"), "`image` is [B, C, H, W]", "the batch axis is not written: leave it out"),
    (BODY.format("x").replace("x: [N, D]", "x: [B, N, D]"), "`x` is [B, N, D]", "the batch axis is not written: leave it out"),
    (BODY.format("x").replace("forward(image", "forward(self, image"), "there is no `self`", "leave it out"),
    ("model m = vit { image = 32*32*3 }", "`image` takes shape, not 3072", "write 32x32x3"),
    ("model m = vit { image = [32, 32, 3] }", "`image` takes shape, not [32, 32, 3]", "write 32x32x3"),
    ("model m = vit { image = (32, 32, 3) }", "there are no tuples", "a shape as `224x224x3`"),
    ("model m = vit { image = 32 x 32 x 3 }", "a shape is written without spaces", "`224x224x3`"),
    ("model m = vit { image = 32x32 }", "height x width x channels", "write 32x32x3"),
    ('model m = vit { depth = 1, mlp.act = "relu" }', 'the text "relu" can\'t be called', "write it without quotes: relu"),
    ("model my-vit = vit { depth = 1 }", "a name has no `-`", "write `my_vit`"),
    ("model my.vit = vit { depth = 1 }", "a name has no `.`", "write `my_vit`"),
    ("/* a comment */\nmodel m = vit", "a comment begins with `#` and ends with its line", ""),
    ("fn g(x: Tensor) = x\n" + BODY.format("g(x)"), "`x` takes Tensor", "the type is written `tensor`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "help"), TEXTS, ids=[text[1] + text[2] for text in TEXTS])
def test_a_text_from_elsewhere_is_answered_with_ours(text, message, help):
    ((_, found, answer),) = told(text)
    assert message in found and help in answer


@pytest.mark.parametrize(("entry", "help"), [("learning_rate = 1e-3", "write `optimizer = adamw(lr = 1e-3)`"),
                                             ("batch_size = 8", "did you mean `batch`?"), ("optimizer = Adam(lr = 1e-3)", "did you mean `adamw`?")])  # fmt: skip
def test_a_section_answers_keys_from_elsewhere(entry, help):
    checked = check(loads(f"vit 1\nmodel m = vit {{ depth = 1 }}\ntrain {{ {entry} }}\n"), "m")
    (found,) = mistakes(checked.sections, checked.program)
    assert help in found.help


def test_a_batch_is_not_seen_where_n_counts_tokens():
    ((_, _, help),) = told(
        BODY.format("x").replace("forward(image: [C, H, W])", "forward(image: [N, C, H, W])").replace("x: [N, D]", "x")
    )
    assert help == ""


@pytest.mark.parametrize("word", ["topk", "reshape", "elu", "null", "transpose", "permute", "size", "view", "sort"])
def test_no_suggestion_is_far_fetched(word):
    ((_, _, help), *_) = told(BODY.format(f"{word}(x, 1)"))
    assert "did you mean" not in help
