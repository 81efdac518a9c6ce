"""The rules of the language, each by a small program; numbers against numpy."""

import subprocess
import sys

import numpy as np
import pytest
from programs import codes, model, numbers, program
from vitc.compiler.ir.program import Draw

MEAN = "mean(image, axis = [-2, -1])"


def ones(expression, extra="", params="", binds=""):
    """A model that gives a compile-time number, added to zeros."""
    return model(f"return 0.0 * {MEAN} + ({expression})", binds, extra, params)


#: Expressions of numbers and lists, and what they are worth.
NUMBERS = {
    "7 / 2": 3.5,
    "7 // 2": 3,
    "-7 // 2": -4,
    "-7 % 4": 1,
    "2 ** 10": 1024,
    "2 ** -1": 0.5,
    "-2 ** 2": -4,
    "2 ** 3 ** 2": 512,
    "1_000 + 1": 1001,
    "1e-3 * 1e3": 1.0,
    "sum([1, 2, 3])": 6,
    "sum([1, 2, 3][:2])": 3,
    "sum([1, 2, 3][::2])": 4,
    "[1, 2, 3][-1]": 3,
    "([1, 2] + [3])[2]": 3,
    "len([i for i in 0 .. 5])": 5,
    "sum([i * x for i, x in [5, 6, 7]])": 20,
    "sum([a * b for a in [1, 2] for b in [10, 20]])": 90,
    "sum([a for a in 0 .. 10 if a % 3 == 0])": 18,
    "sum([sum(r) for r in [[1, 2], [3]]])": 6,
    "[[1, 2], [3]][0][1]": 2,
    "len(image)": 3,
    "image[0] * 100 + image.w * 10 + image.c": 463,
    "linspace(0.0, 1.0, 5)[1]": 0.25,
    "linspace(0.0, 0.3, 1)[0]": 0.0,
    "max(2, 3) + min(2, 3)": 5,
    "max([4, 9, 2])": 9,
    "int(2.9) + int(-2.9)": 0,
    "round(2.5) + round(-2.5)": 0,
    "floor(-1.5)": -2,
    "sqrt(16) + log2(8) + exp(0)": 8,
    "if 2 in [1, 2] then 1 else 0": 1,
    "if 3 not in [1, 2] and not false or false then 1 else 0": 1,
    "if [1, 2] == [1, 2] then 1 else 0": 1,
    "if [1, [2]] == [1.0, [2.0]] and [2.0] in [[1], [2]] and [1] != [1, 1] then 1 else 0": 1,
    "if none == none then 1 else 0": 1,
    "if 1 == 1.0 then 1 else 0": 1,
    "if 4x6x3 == image then 1 else 0": 1,
    "if word == a then 1 else 0": 1,
    "if a == word then 1 else 0": 1,
    "if word in [a, b] then 1 else 0": 1,
    "if word != b then 1 else 0": 1,
    "if maybe == none then 1 else 0": 1,
    "if maybe == a then 1 else 0": 0,
    "H * W + C": 27,
    "twice(3) + thrice(2)": 12,
    "second([1, 2])": 2,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_compile_time_expressions(text):
    extra = """
fn twice(n: int) = 2 * n
fn thrice(n) { m = n + n
  return m + n }
fn second(xs: list) { for i, x in xs { if i == 1 { return x } }
  return 0 }
"""
    if text.startswith("image"):
        body = ones("k", params=f", k = {text}")
        body = body.replace("k = image", "k: int = image")
    else:
        body = ones(text if "image" not in text else "k", extra, ", word: a | b = a, maybe: a | none = none"
                    + (f", k: int = {text}" if "image" in text and "then" not in text else "")
                    + (f", k: int = {text}" if "image" in text and "then" in text else ""))  # fmt: skip
    _, (y,) = numbers(body)
    np.testing.assert_allclose(y, np.full((2, 3), NUMBERS[text]), rtol=1e-12)


#: Bodies of `forward` on an image x [B, 3, 4, 6], and the same in numpy.
TENSORS = {
    "written axes align from the right": ("w = image[0]\nreturn mean(image + w, axis = [-2, -1])", lambda x: (x + x[:, :1]).mean((2, 3))),
    "slices and steps": ("return mean(image[.., ::2, 1:5], axis = [-2, -1])", lambda x: x[..., ::2, 1:5].mean((2, 3))),
    "all of it": ("return mean(image[..], axis = [-2, -1])", lambda x: x.mean((2, 3))),
    "two dots between others": ("return image[0, .., 1]", lambda x: x[:, 0, :, 1]),
    "two dots at the end": ("return image[1, 2:, ..][0]", lambda x: x[:, 1, 2]),
    "two dots inside a pattern": ("y: [C, .., W] = image\nreturn mean(y, axis = [-2, -1]) * W", lambda x: x.mean((2, 3)) * 6),
    "an empty slice beside others": ("return mean(concat([image[:, :, 0:0], image[:, :, 4:]], axis = -1), axis = [-2, -1])", lambda x: x[..., 4:].mean((2, 3))),
    "chunks that are not even": ("a, b = chunk(image[.., :5], 2)\nreturn mean(a, axis = [-2, -1]) + 2.0 * mean(b, axis = [-2, -1])",
                                 lambda x: x[..., :3].mean((2, 3)) + 2 * x[..., 3:5].mean((2, 3))),
    "rearrange with two dots elsewhere": ('return mean(rearrange(image, "c .. -> .. c"), axis = [-2, -1])', lambda x: x.mean((1, 3))),
    "an integer takes its axis away": ("return image[1, -1]", lambda x: x[:, 1, -1]),
    "the last axis by an integer": ("return image[.., 0][.., 1]", lambda x: x[..., 1, 0]),
    "shape gives numbers": ("c, h, w = shape(image)\nreturn mean(image, axis = [-2, -1]) * (c + h + w)", lambda x: x.mean((2, 3)) * 13),
    "split and concat": ("a, b = split(image, 2)\nreturn mean(concat([b, a], axis = -1) * 1.0, axis = -2)[0]",
                         lambda x: np.concatenate([x[..., 3:], x[..., :3]], -1).mean(2)[:, 0]),
    "split by sizes": ("a, b, c = split(image, [1, 2, 3])\nreturn mean(b, axis = [-2, -1])", lambda x: x[..., 1:3].mean((2, 3))),
    "unstack goes along the first written axis": ("r, g, b = unstack(image)\nreturn mean(r - b, axis = -1)", lambda x: (x[:, 0] - x[:, 2]).mean(-1)),
    "stack makes an axis": ("a, b = split(image, 2)\nreturn mean(stack([a, b], axis = -4), axis = [-2, -1])[1]", lambda x: x[..., 3:].mean((2, 3))),
    "transpose swaps the last two axes": ("return mean(transpose(image), axis = -1)[0]", lambda x: x.swapaxes(2, 3).mean(-1)[:, 0]),
    "matrix products": ("return mean(image @ transpose(image), axis = [-2, -1])", lambda x: (x @ x.swapaxes(2, 3)).mean((2, 3))),
    "reductions over a list of axes": ("return sum(image, axis = [-3, -1])", lambda x: x.sum((1, 3))),
    "reductions that keep the axis": ("return mean(image - mean(image, axis = -1, keep = true), axis = [-2, -1]) + max(max(image, axis = -1), axis = -1)",
                                      lambda x: x.max((2, 3)) + (x - x.mean(-1, keepdims=True)).mean((2, 3))),
    "max of two": ("return mean(max(image, 0.0), axis = [-2, -1])", lambda x: np.maximum(x, 0).mean((2, 3))),
    "comparisons and where": ("return mean(where(image > 0.0, image, -1.0), axis = [-2, -1])", lambda x: np.where(x > 0, x, -1).mean((2, 3))),
    "equality of tensors": ("i = arange(6)\nreturn mean(image * (1.0 * int(i == 2)), axis = [-2, -1])", lambda x: (x * (np.arange(6) == 2)).mean((2, 3))),
    "a loop binds names that stay": ("for i in 0 .. 3 { y = image[i] }\nreturn mean(y, axis = -1)", lambda x: x[:, 2].mean(-1)),
    "a loop over an index and an item": ("y = 0.0 * image[0]\nfor i, c in unstack(image) { y = y + i * c }\nreturn mean(y, axis = -1)",
                                         lambda x: (x[:, 1] + 2 * x[:, 2]).mean(-1)),
    "a list of tensors": ("ys = [t * 2.0 for t in unstack(image)]\nreturn mean(sum(ys), axis = -1)", lambda x: 2 * x.sum(1).mean(-1)),
    "a return from within": ("if H > 3 { return mean(image, axis = [-2, -1]) }\nreturn image", lambda x: x.mean((2, 3))),
    "else if": ("if H > 9 { y = 1.0 } else if H > 3 { y = 2.0 } else { y = 3.0 }\nreturn y * mean(image, axis = [-2, -1])", lambda x: 2 * x.mean((2, 3))),
    "then and else on their own lines": ("y = if H > 9\n  then 1.0\n  else 2.0\nreturn y * mean(image, axis = [-2, -1])", lambda x: 2 * x.mean((2, 3))),
    "constants are computed": ("t = arange(6) / 2\nreturn mean(image * t, axis = [-2, -1])", lambda x: (x * np.arange(6) / 2).mean((2, 3))),
    "rearrange": ('return mean(rearrange(image, "c (h p) w -> p (c h) w", p = 2), axis = [-2, -1])',
                  lambda x: x.reshape(-1, 3, 2, 2, 6).transpose(0, 3, 1, 2, 4).reshape(-1, 2, 6, 6).mean((2, 3))),
    "repeat": ('return mean(repeat(image, "c h w -> c h (w r)", r = 2), axis = -1)[0]', lambda x: x.repeat(2, -1).mean(-1)[:, 0]),
    "padding": ("return mean(pad(image, [[1, 2]]), axis = [-2, -1])", lambda x: np.pad(x, [(0, 0)] * 3 + [(1, 2)]).mean((2, 3))),
    "roll": ("return roll(image, 1, axis = -1)[0, 0]", lambda x: np.roll(x, 1, -1)[:, 0, 0]),
    "numbers and a list into a layer and out of it": (
        "xs, n = many([image, image], 3)\nreturn mean(xs[1], axis = [-2, -1]) * n", lambda x: 2 * x.mean((2, 3)) * 4),
    "a list of layers with several results": (
        "y, h = steps(mean(image, axis = [-2, -1]), 1)\nreturn y * h", lambda x: x.mean((2, 3)) * 6 * 4),
    "members of a list by their index": ("return mean(scales[1](image), axis = [-2, -1])", lambda x: 3 * x.mean((2, 3))),
    "a layer in a comprehension": ("return sum([mean(s(image), axis = [-2, -1]) for s in scales])", lambda x: 5 * x.mean((2, 3))),
    "a function that takes a layer": ("return mean(through(scales[0], image), axis = [-2, -1])", lambda x: 2 * x.mean((2, 3)) + 1),
    "a default in forward": ("return mean(opt(image) + opt(image, image), axis = [-2, -1])", lambda x: 3 * x.mean((2, 3))),
    "lookup of a table": ("return mean(image, axis = [-2, -1]) + take(table, stack([2, 0, 1], axis = -1), axis = -1)", lambda x: x.mean((2, 3)) + np.array([30.0, 10, 20])),
    "identity hands through": ("return mean(same(image), axis = [-2, -1])", lambda x: x.mean((2, 3))),
}  # fmt: skip

EXTRA = """
block scale(by: float) { forward(x: [.., D]) -> [.., D] { return by * x } }
block maker { forward(xs: list, n: int) { return [x * 2.0 for x in xs], n + 1 } }
block step { forward(x: [D], h: int) -> ([D], int) { return x * 1.0 * (h + 0), h + 1 } }
block option { forward(x: [C, H, W], y = none) { if y == none { return x }
  return x + y } }
fn through(layer, x) = layer(x) + 1.0
fn numbered(n: int) = [scale(1.0 * i + 2.0) for i in 0 .. n]
"""
BINDS = """
many = maker
steps = [step for i in 0 .. 3]
scales = numbered(2)
opt = option
table = 10.0 * (arange(3) + 1)
same = identity
"""


@pytest.mark.parametrize("name", TENSORS)
def test_tensor_programs(name):
    body, expected = TENSORS[name]
    x, (y,) = numbers(model(body, BINDS, EXTRA))
    np.testing.assert_allclose(y, expected(x), rtol=1e-9, atol=1e-12)


# ---- sheets ----------------------------------------------------------------------------------------------------------

SHEETS = """vit 1
block b(image: shape = 4x6x3, dim: int > 0 = 8, double: int = 2 * dim, note: small | large = small, k: int = 1) {
  a = linear(double)
  forward(image: [C, H, W]) { return k * mean(a(image), axis = [-2, -1]) }
}
model base = b { dim = 5 }
model late = base { dim = 7 }
model own = base { double = 3 * dim }
model derived = own { dim = 2 }
model other = b { dim = base.dim + late.double }
model wordy = b { note = large, k = if note == large then 3 else 4 }
"""


@pytest.mark.parametrize(
    ("name", "width"), [("base", 10), ("late", 14), ("own", 15), ("derived", 6), ("other", 38), ("wordy", 16)]
)
def test_sheets_rebind_whole_values_late(name, width):
    assert program(SHEETS, name).weights()["a.weight"].shape == (width, 6)


def test_set_sets_what_a_sheet_does():
    assert program(SHEETS, "base", {"dim": "3"}).weights()["a.weight"].shape == (6, 6)
    assert program(SHEETS, "base", {"a.out": "3"}).weights()["a.weight"].shape == (3, 6)
    assert codes(SHEETS, "base", {"a.uot": "3"}) == ["V0202"]
    assert codes(SHEETS, "base", {"dim.out": "3"}) == ["V0218"]
    assert codes(SHEETS, "base", {"dmi": "3"}) == ["V0202"]


def test_an_expect_of_a_sheet_counts_trained_elements():
    text = SHEETS + "model counted = base { expect params == 6 * 10 + 10, expect dim == 5 }\n"
    assert codes(text, "counted") == []
    text = SHEETS + 'model counted = base { expect params == 71 else "not {params}", expect dim == 6 }\n'
    assert codes(text, "counted") == ["V0411", "V0411"]


# ---- layers ----------------------------------------------------------------------------------------------------------


def keys(text, name="m"):
    return {key: spec.shape for key, spec in program(text, name).weights().items()}


def test_a_name_is_a_key_and_a_list_is_keyed_by_index():
    made = keys(
        model(
            "return mean(xs(a(image)), axis = [-2, -1])",
            "a = linear(4)\nxs = [linear(5), relu, [linear(6), linear(7)]]",
        )
    )
    assert {k: s[0] for k, s in made.items() if k.endswith("weight")} == {
        "a.weight": 4, "xs.0.weight": 5, "xs.2.0.weight": 6, "xs.2.1.weight": 7}  # fmt: skip


def test_a_binding_that_nothing_needs_does_not_exist():
    text = model(
        f"return {MEAN}", "a = linear(4)\nw = weight([3, C], 1.0)\nbad = linear(1 // 0)\nn = none\ni = identity"
    )
    assert keys(text) == {}


def test_every_binding_is_a_layer_of_its_own_and_every_call_uses_its_weights():
    x, (y,) = numbers(model("return mean(a(a(image)) + b(image), axis = [-2, -1])", "a = linear(6, bias = false)\nb = linear(6, bias = false)"),
                      weights={"a.weight": 2 * np.eye(6), "b.weight": np.eye(6)})  # fmt: skip
    np.testing.assert_allclose(y, (5 * x).mean((2, 3)), rtol=1e-6)


def test_share_is_one_layer_under_two_names():
    extra = "block outer(inner: block, more: block) { inner = inner\nmore = more\nforward(x: [.., D]) { return more(inner(x)) }\n}"
    text = model("return mean(c(xs(b(a(image)))), axis = [-2, -1])",
                 "a = linear(6)\nb = share(a)\nd = linear(6, bias = false)\nxs = [outer(share(a), share(d)) for i in 0 .. 2]\nc = share(b)", extra)  # fmt: skip
    made = program(text)
    assert set(made.weights()) == {"a.weight", "a.bias", "d.weight"}
    assert made.aliases == {
        "b": "a",
        "c": "a",
        **{f"xs.{i}.inner": "a" for i in (0, 1)},
        **{f"xs.{i}.more": "d" for i in (0, 1)},
    }
    x, (y,) = numbers(text, weights={"a.weight": np.eye(6) * 2, "a.bias": np.zeros(6), "d.weight": np.eye(6) * 3})
    np.testing.assert_allclose(y, (2**5 * 9 * x).mean((2, 3)), rtol=1e-6)


def test_a_shared_layer_may_be_called_on_several_shapes():
    extra = "block pair(inner: block) { inner = inner\nforward(x: [N, D]) { return inner(x[:2]) }\n}\nblock act { l = linear(D)\nforward(x: [N, D]) { return l(x) * (1.0 * N) }\n}"
    text = model(
        "y = a(image[0])\nz = p(image[0])\nreturn concat([mean(y, axis = -2), mean(z, axis = -2)], axis = -1)",
        "a = act\np = pair(share(a))",
        extra,
    )
    x, (y,) = numbers(text, weights={"a.l.weight": np.eye(6), "a.l.bias": np.zeros(6)})
    np.testing.assert_allclose(y, np.concatenate([4 * x[:, 0].mean(1), 2 * x[:, 0, :2].mean(1)], -1), rtol=1e-6)


def test_a_layer_called_on_several_shapes_has_one_set_of_weights():
    extra = "block act { l = linear(D)\nr = relu\nforward(x: [N, D]) { return r(l(x)) * (1.0 * N) }\n}"
    text = model(
        "return concat([mean(a(image[0]), axis = -2), mean(a(image[1, :2]), axis = -2), mean(a(image[2]), axis = -2)], axis = -1)",
        "a = act",
        extra,
    )
    assert keys(text) == {"a.l.weight": (6, 6), "a.l.bias": (6,)}
    x, (y,) = numbers(text, weights={"a.l.weight": np.eye(6), "a.l.bias": np.zeros(6)})
    r = np.maximum(x, 0)
    np.testing.assert_allclose(
        y, np.concatenate([4 * r[:, 0].mean(1), 2 * r[:, 1, :2].mean(1), 4 * r[:, 2].mean(1)], -1), rtol=1e-6
    )


def test_state_is_saved_and_not_counted():
    made = program(model(f"return {MEAN} * s + n", "s = state([3], 2.0)\nn = state([3], 1)"))
    assert [(k, s.trainable, s.dtype) for k, s in made.weights().items()] == [
        ("s", False, "float"),
        ("n", False, "int"),
    ]


def test_sizes_of_patterns_size_weights_that_stand_above():
    text = model("x: [N, dim] = a(rearrange(image, \"c h w -> (h w) c\"))\nreturn mean(x + p[0], axis = -2)",
                 "p = weight([1, N, dim], normal(0.02))\na = linear(9)")  # fmt: skip
    assert keys(text)["p"] == (1, 24, 9)


def test_a_size_that_differs_between_two_calls_is_known_for_one_call():
    extra = 'block flat { forward(x: [N, D]) -> [N * D] { return rearrange(x, "n d -> (n d)") }\n}'
    x, (y,) = numbers(model("return concat([f(image[0]), f(image[0, :2])], axis = -1)", "f = flat", extra))
    np.testing.assert_allclose(y, np.concatenate([x[:, 0].reshape(2, -1), x[:, 0, :2].reshape(2, -1)], -1))


@pytest.mark.parametrize(
    ("call", "owner"),
    [
        ("linear(mean(image, axis = [-2, -1]), weight = w)", "w = weight([5, 3], normal(0.1))"),
        ("linear(mean(image, axis = [-2, -1]), weight = w, bias = v)", "w = weight([5, 3], normal(0.1))\nv = weight([5], 1.0)"),
        ("mean(conv2d(image, weight = w), axis = [-2, -1])", "w = weight([5, 3, 2, 2], normal(0.1))"),
        ("mean(conv2d(image, weight = w, bias = v, stride = 2, padding = 1), axis = [-2, -1])", "w = weight([5, 3, 2, 2], normal(0.1))\nv = weight([5], 1.0)"),
        ("mean(conv2d(image, weight = w - mean(w, axis = [-3, -2, -1], keep = true)), axis = [-2, -1])", "w = weight([5, 3, 2, 2], normal(0.1))"),
    ],
)  # fmt: skip
def test_a_weighted_op_is_a_function_of_its_weights(call, owner):
    import torch
    import torch.nn.functional as F

    text = model(f"return {call}", owner)
    rng = np.random.default_rng(1)
    drawn = {k: rng.standard_normal(s) for k, s in keys(text).items()}
    x, (y,) = numbers(text, weights=drawn)
    w = torch.from_numpy(drawn["w"])
    w = w - w.mean((1, 2, 3), keepdim=True) if "w - mean" in call else w
    bias = torch.from_numpy(drawn["v"]) if "v" in drawn else None
    image = torch.from_numpy(x)
    if "linear" in call:
        expected = F.linear(image.mean((2, 3)), w, bias)
    else:
        more = {"stride": 2, "padding": 1} if "stride" in call else {}
        expected = F.conv2d(image, w, bias, **more).mean((2, 3))
    np.testing.assert_allclose(y, expected.numpy(), rtol=1e-6, atol=1e-9)


# ---- training, results -----------------------------------------------------------------------------------------------


def test_both_ways_of_training_are_kept():
    text = model(f"x = {MEAN}\nif training {{ return 2.0 * x }}\nreturn x")
    x, (y,) = numbers(text)
    _, (trained,) = numbers(text, training=True)
    np.testing.assert_allclose(2 * y, trained)
    np.testing.assert_allclose(y, x.mean((2, 3)))


def test_results_have_names():
    text = model(f"x = {MEAN}\nreturn logits = x, aux = 2.0 * x")
    assert program(text).root.bodies[0].output_names == ("logits", "aux")
    assert codes(model(f"x = {MEAN}\nreturn logits = x, 2.0 * x")) == ["V0404"]
    assert codes(model(f"x = {MEAN}\nreturn a = x, a = x")) == ["V0204"]


# ---- init ------------------------------------------------------------------------------------------------------------


def test_init_gives_initialisers_by_pattern():
    base = model("return mean(xs(image), axis = [-2, -1])", "xs = [linear(6) for i in 0 .. 3]\nw = weight([2], 1.0)")
    text = (
        base
        + 'init { "xs.{i}.weight" = normal(0.1 / (i + 1)), "xs.0.bias" = 0.5 }\ninit m { "xs.2.bias" = -1.0, "xs.1.bias" = arange(6) / 6 }\n'
    )
    made = program(text).weights()
    assert [made[f"xs.{i}.weight"].init for i in range(3)] == [Draw("normal", (0.1 / (i + 1),)) for i in range(3)]
    assert (made["xs.0.bias"].init, made["xs.2.bias"].init) == (0.5, -1.0)
    assert codes(base + 'init { "xs.{j}.weigth" = 0.0 }') == ["V0607"]
    assert codes(base + 'init { "xs.{j}.weight" = true }') == ["V0313"]
    assert codes(base + 'init { "xs.0.bias" = zeros([7]) }') == ["V0403"]
    assert codes(base + 'init { "xs.{j}.{j}" = 0.0 }') == ["V0607"]
    assert codes(base + "init { xs.weight = 0.0 }") == ["V0607"]


# ---- names -----------------------------------------------------------------------------------------------------------


def test_names_that_a_layer_can_not_have_are_those_of_torch():
    from vitc.compiler.reserved import MODULE, why_reserved

    # in a process of its own: libraries that other tests import give `nn.Module` further attributes
    code = "from torch import nn; print(*(name for name in dir(nn.Module) if not name.startswith('_')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    public = {*done.stdout.split(), "training"}
    assert not public - MODULE
    assert MODULE - public <= {"load", "outputs", "reset_parameters", "T_destination", "dump_patches"}
    for name in [*public, "import", "_x", "__class__"]:
        assert why_reserved(name)


@pytest.mark.parametrize("name", ["torch", "nn", "Tensor", "Model", "math", "F", "self_", "image", "x"])
def test_names_that_printed_code_uses_are_free_for_layers(name):
    text = model(f"return mean({name}(image), axis = [-2, -1])", f"{name} = linear(4)") if name != "image" else None
    if text is not None:
        assert set(keys(text)) == {f"{name}.weight", f"{name}.bias"}


LOOKUP = {
    "a parameter and a layer of one name": (model("return mean(norm(image), axis = [-2, -1])", "norm = norm", params=", norm: block = layernorm"), {"norm.weight", "norm.bias"}),
    "an op and a layer of one name": (model("return mean(linear(image), axis = [-2, -1])", "linear = linear(4)"), {"linear.weight", "linear.bias"}),
    "a block and a layer of one name": (model("return mean(mlp(image), axis = [-2, -1])", "mlp = mlp"),
                                        {"mlp.fc1.weight", "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias"}),
    "a definition of the file before std's": (
        model("return mean(mlp(image), axis = [-2, -1])", "mlp = mlp", "block mlp { only = linear(D)\nforward(x: [.., D]) { return only(x) }\n}"),
        {"mlp.only.weight", "mlp.only.bias"}),
    "defaults that refer to each other": (
        model("return mean(a(image), axis = [-2, -1])", "a = linear(p)", params=", p: int = q + 1, q: int = r * 2, r: int = 3"), {"a.weight", "a.bias"}),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKUP)
def test_lookup(name):
    text, expected = LOOKUP[name]
    assert set(keys(text)) == expected


def test_a_state_may_start_at_infinity_and_a_weight_may_not():
    text = model("return clamp(mean(image, axis = [-2, -1]), max = 9.0) * s", "s = {}")
    assert program(text.replace("{}", "state([3], -inf)")).weights()["s"].init == float("-inf")
    assert codes(text.replace("{}", "weight([3], -inf)")) == ["V0304"]


def test_norms_without_weights_keep_torchs_names():
    from torch import nn

    text = model(
        "return mean(g(b(image)), axis = [-2, -1])",
        "b = batchnorm(affine = false)\ng = groupnorm(groups = 3, affine = false)",
    )
    theirs = {f"b.{name}": tuple(t.shape) for name, t in nn.BatchNorm2d(3, affine=False).state_dict().items()}
    assert {name: spec.shape for name, spec in program(text).weights().items()} == theirs
    assert not nn.GroupNorm(3, 3, affine=False).state_dict()


@pytest.mark.parametrize("value", ["fc", "[fc for i in 0 .. 2]", "[[relu, fc]]"])
def test_a_layer_is_no_value_for_another_name_nor_in_a_list(value):
    """It would be one layer under two names without a word; `share` says so."""
    text = model(f"return more(fc({MEAN}))", f"fc = linear(3)\nmore = {value}")
    assert codes(text) == ["V0215"]


@pytest.mark.parametrize("param", ["a: shape > 3 = 3x4", "a: list > 3 = [3]"])
def test_a_bound_of_what_is_no_number_is_refused(param):
    assert codes(model("return image * len(a)", params=f", {param}")) == ["V0308"]
