"""Settings by path: `attn { drop = 0.1 }`, `mlp.act = relu`, in sheets, calls, sections and on the command line."""

import itertools
from dataclasses import replace

import pytest
from programs import loads
from vitc.compiler.elaborate import check, elaborate
from vitc.compiler.ir.dump import dump_program
from vitc.compiler.ir.program import Draw
from vitc.diagnostics import VitError
from vitc.runtime.sections import SECTIONS, mistakes
from vitc.runtime.sections.train import Train
from vitc.runtime.training.optimizers import adamw
from vitc.runtime.training.schedules import cosine

BASE = "model base = vit { image = 32x32x3, patch = 8, dim = 24, depth = 2, heads = 3, classes = 5 }"


def made(entries, extra="", overrides=None):
    """The program of a small ViT with these entries."""
    return elaborate(loads(f"vit 1\n{BASE}\nmodel m = base {{ {entries} }}\n{extra}"), "m", overrides)


def same(a, b):
    """Two programs are equal: names, shapes, initialisers, graphs."""
    assert a.weights() == b.weights()
    assert dump_program(a) == dump_program(b)


def problems(text):
    """The codes of a text with the text that each points to."""
    checked = check(loads(f"vit 1\n{BASE}\n{text}"), "m")
    found = [*checked.problems, *mistakes(checked.sections, checked.program)]
    return [(d.code, d.span.text if d.span else "") for d in found]


#: Entries by path, and what they mean without paths.
EQUAL = {
    "mlp.hidden = 10": "mlp = mlp(hidden = 10)",
    "norm.eps = 1e-3": "norm = layernorm(eps = 1e-3)",
    "attn { qk_norm = norm, drop = 0.1 }": "attn = attention(heads, qk_norm = norm, drop = 0.1)",
    "attn.qk_norm = rmsnorm, attn { drop = 0.1 }": "attn = attention(heads, qk_norm = rmsnorm, drop = 0.1)",
    "layer.attn.qk_norm = rmsnorm": "attn = attention(heads, qk_norm = rmsnorm)",
    "attn.qkv.bias = false": "attn = attention(heads, qkv = linear(3 * dim, bias = false))",
    "mlp.act = relu": "mlp = mlp(act = relu)",
    "layer { scale = 0.5 }": "layer = encoder(attn, mlp, norm, 0.5)",
    "patch_embed.proj.bias = false": "patch_embed = patch_embed(patch, dim, bias = false)",
    "patch_embed.rest = drop": "patch_embed = patch_embed(patch, dim, rest = drop)",
    "blocks.attn.heads = 2": "attn = attention(2)",
    "attn.heads = dim // 12": "attn = attention(2)",
    "head = linear(7)": "classes = 7",
    "head.out = 7": "classes = 7",
    "mlp = glu, norm { eps = 0.5 }": "norm = layernorm(eps = 0.5), mlp = glu",
}


@pytest.mark.parametrize("path", EQUAL)
def test_a_path_sets_what_the_whole_value_would(path):
    same(made(path), made(EQUAL[path]))


@pytest.mark.parametrize("path", [p for p in EQUAL if "{" not in p and "," not in p])
def test_a_path_on_the_command_line_is_a_sheet_of_one_entry(path):
    key, _, value = path.partition(" = ")
    same(made("", overrides={key: value}), made(path))


def test_paths_to_different_names_commute():
    parts = ["mlp.hidden = 10", "norm.eps = 1e-3", "attn.qkv.bias = false", "layer.scale = 0.1"]
    programs = [made(", ".join(order)) for order in itertools.permutations(parts)]
    for other in programs[1:]:
        same(programs[0], other)


def test_a_part_follows_what_other_sheets_set():
    """Late, as everything: `attn` is still `attention(heads)` with the heads of the last sheet."""
    text = "model a = base { attn.qk_norm = norm }\nmodel m = a { heads = 4, norm = rmsnorm }"
    program = elaborate(loads(f"vit 1\n{BASE}\n{text}"), "m")
    assert program.weights()["blocks.0.attn.q_norm.weight"].shape == (6,)
    assert "blocks.0.attn.q_norm.bias" not in program.weights()


def test_a_whole_value_drops_what_was_set_inside_the_old_one():
    text = "model a = base { mlp.hidden = 10 }\nmodel m = a { mlp = glu }"
    program = elaborate(loads(f"vit 1\n{BASE}\n{text}"), "m")
    assert program.weights()["blocks.0.mlp.fc1.weight"].shape == (2 * 96, 24)


def test_a_nearer_sheet_sets_parts_of_a_farther_one():
    text = "model a = base { mlp = glu(hidden = 40) }\nmodel m = a { mlp { hidden = 20, act = relu } }"
    program = elaborate(loads(f"vit 1\n{BASE}\n{text}"), "m")
    assert program.weights()["blocks.1.mlp.fc1.weight"].shape == (40, 24)


def test_a_call_sets_parts_too_and_they_see_the_place_of_the_call():
    program = made("blocks = [layer(attn.heads = if i < 1 then 6 else heads, attn.qk_norm = norm) for i in 0 .. depth]")
    shapes = [program.weights()[f"blocks.{i}.attn.q_norm.weight"].shape for i in (0, 1)]
    assert shapes == [(4,), (8,)]


def test_a_list_is_set_member_by_member():
    extra = "block pair(a: block, b: block, drop_path = 0.0) {\n  both = [a, identity, b]\n  forward(x: [N, D]) { return both(x) }\n}"
    text = "model a = base { layer = pair(mlp(hidden = 24), mlp(hidden = 48)) }\nmodel m = a { layer.both { act = relu, bias = false } }"
    program = elaborate(loads(f"vit 1\n{BASE}\n{extra}\n{text}"), "m")
    assert [n for n in program.weights() if n.startswith("blocks.0") and n.endswith("bias")] == []
    assert program.weights()["blocks.0.both.2.fc1.weight"].shape == (48, 24)


WRONG = {
    "model m = base { mlp.heads = 3 }": [("V0202", "heads")],
    "model m = base { mlpp.act = relu }": [("V0202", "mlpp")],
    "model m = base { mlp = glu, mlp.act = relu }": [("V0204", "act")],
    "model m = base { mlp.act = relu, mlp { act = silu } }": [("V0204", "act")],
    "model m = base { mlp { act = relu, act.x = 1 } }": [("V0204", "x")],
    "model m = base { norm_pre.eps = 1 }": [("V0218", "eps")],
    "model m = base { dim.x = 1 }": [("V0218", "x")],
    "model m = base { mlp.fc1.out.x = 1 }": [("V0218", "x")],
    "model m = base { mlp.fc1.outs = 1 }": [("V0202", "outs")],
    "model m = base { mlp.hidden = relu }": [("V0302", "relu")],
    "model m = base { mlp.hidden = 0 }": [("V0304", "0")],
    "model m = base { mlp.fc1.bias = 3 }": [("V0303", "3")],
    "model m = base { mlp.act = rlu }": [("V0201", "rlu")],
    "model m = base { patch_embed.rest = keep }": [("V0201", "keep")],
    "model m = base { blocks.attn.hats = 2 }": [("V0202", "hats")],
    "model m = base { blocks = [mlp(act.x = 1) for i in 0 .. 2] }": [("V0202", "x")],
    "model m = base { blocks = [layer(attn.heads = 2, attn = attention(2)) for i in 0 .. 2] }": [("V0204", "attn")],
    "model m = base\ntrain { optimizer.rate = 1 }": [("V0602", "rate")],
    "model m = base\ntrain { optimizer = adamw, optimizer.lr = 1e-3 }": [("V0204", "lr")],
    "model m = base\ntrain { epochs.x = 1 }": [("V0603", "epochs.x = 1")],
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_set_is_told_at_its_place(text):
    assert problems(text) == WRONG[text]


def test_a_section_changes_the_choice_below_it():
    """The unnamed section chose adamw with a rate by position; the one for `m` changes the rate alone."""
    text = "model m = base\ntrain { optimizer = adamw(1e-3, weight_decay = 0.2) }\ntrain m { optimizer.lr = 3e-4 }"
    library = replace(loads(f"vit 1\n{BASE}\n{text}"), sections=SECTIONS.names())
    wanted = Train.of(elaborate(library, "m", {"train.optimizer.eps": "1e-6"})).optimizer
    assert isinstance(wanted, adamw.AdamW)
    assert (wanted.lr, wanted.weight_decay, wanted.eps) == (3e-4, 0.2, 1e-6)
    default = Train.of(elaborate(loads(f"vit 1\n{BASE}\nmodel m = base\ntrain {{ schedule.floor = 0.1 }}"), "m"))
    assert isinstance(default.schedule, cosine.Cosine)
    assert default.schedule.floor == 0.1


def test_arguments_of_a_function_have_no_parts():
    with pytest.raises(VitError, match="V0218"):
        made("mlp = mlp(hidden = max(a.b = 1))")


# ---- the type `layer`, `match`, lists --------------------------------------------------------------------------------

NET = """
block net(image: shape = 8x8x3, act: layer = gelu, fc: layer = linear(4), kind: a | b | none = a) {
  size = match kind { a | b => 3, none => 2 }
  out  = linear(size)
  none_at_all = []

  forward(image: [C, H, W]) {
    x = none_at_all(act(fc(mean(image, axis = [-2, -1]))))
    return match kind { a => out(x), b => 2.0 * out(x), none => out(x) + 1.0 }
  }
}
"""


@pytest.mark.parametrize(("entries", "names"), [
    ("", {"fc.weight": (4, 3), "fc.bias": (4,), "out.weight": (3, 4), "out.bias": (3,)}),
    ("kind = none", {"fc.weight": (4, 3), "fc.bias": (4,), "out.weight": (2, 4), "out.bias": (2,)}),
    ("fc.bias = false, act = layernorm", {"fc.weight": (4, 3), "act.weight": (4,), "act.bias": (4,), "out.weight": (3, 4), "out.bias": (3,)}),
])  # fmt: skip
def test_layers_are_listed_in_the_order_of_their_first_calls(entries, names):
    program = elaborate(loads(f"vit 1\n{NET}\nmodel m = net {{ {entries} }}"), "m")
    assert {n: s.shape for n, s in program.weights().items()} == names
    assert list(program.weights()) == list(names)


MATCHES = {
    "match kind { a => 1, b => 2 }": ["V0315"],
    "match kind { a => 1, b => 2, none => 3, c => 4 }": ["V0315"],
    "match kind { a => 1, b | a => 2, none => 3 }": ["V0315"],
    "match image { a => 1 }": ["V0315"],
    "match 3 { a => 1 }": ["V0315"],
    "match kind { a => 3, b => wrong, none => 4 }": ["V0201"],
}


@pytest.mark.parametrize("text", MATCHES)
def test_a_match_covers_exactly_what_its_parameter_may_be(text):
    library = loads("vit 1\n" + NET.replace("match kind { a | b => 3, none => 2 }", text) + "model m = net")
    assert [d.code for d in check(library, "m").problems] == MATCHES[text]


def test_a_layer_parameter_is_no_value_inside_its_block():
    library = loads("vit 1\n" + NET.replace("linear(size)", "fc") + "model m = net")
    assert [d.code for d in check(library, "m").problems] == ["V0215"]


@pytest.mark.parametrize("value", ["[fc for i in 0 .. 2]", "[[relu, fc]]", "fcs[1:]"])
def test_a_list_of_layers_is_no_list_of_values(value):
    text = f"""vit 1
block net(image: shape = 8x8x3) {{
  fc   = linear(3)
  fcs  = [linear(3), linear(3)]
  more = {value}

  forward(image: [C, H, W]) {{ return fcs(more(fc(mean(image, axis = [-2, -1])))) }}
}}
model m = net
"""
    (problem,) = check(loads(text), "m").problems
    assert problem.span is not None and (problem.code, problem.span.text) == ("V0215", value)


def test_slices_and_items_of_a_list_of_layers_are_layers():
    text = """vit 1
block net(image: shape = 8x8x3) {
  fc = [linear(5, init = normal(0.5)), relu, linear(6), linear(7)]

  forward(image: [C, H, W]) {
    x = fc[:2](mean(image, axis = [-2, -1]))
    return fc[3:](fc[2](x))
  }
}
model m = net
model n = net { fc.init = zeros }
"""
    specs = elaborate(loads(text), "m").weights()
    assert [specs[f"fc.{i}.weight"].shape for i in (0, 2, 3)] == [(5, 3), (6, 5), (7, 6)]
    drawn = specs["fc.0.weight"].init
    assert isinstance(drawn, Draw) and drawn.args == (0.5,) and specs["fc.0.bias"].init == 0.0
    assert {spec.init for spec in elaborate(loads(text), "n").weights().values()} == {0.0}


def test_init_names_weights_by_path_with_or_without_quotes():
    lines = ['"fc.weight" = 0.5, "fc.bias" = 1.0', "fc.weight = 0.5, fc.bias = 1.0", "fc { weight = 0.5, bias = 1.0 }"]
    for line in lines:
        specs = elaborate(loads(f"vit 1\n{NET}\nmodel m = net\ninit {{ {line} }}"), "m").weights()
        assert (specs["fc.weight"].init, specs["fc.bias"].init) == (0.5, 1.0)


# ---- what has no effect ----------------------------------------------------------------------------------------------

WITHOUT_EFFECT = {
    "model m = base { depth = 24, blocks = [layer() for i in 0 .. 3] }": [("V0414", "depth")],
    "model m = base { heads = 2, attn = attention(3) }": [("V0414", "heads")],
    "model m = base { attn_pool.heads = 2 }": [("V0414", "attn_pool")],
    "model m = base { layer.mlp = mlp(ratio = 9.0, hidden = 8) }": [("V0414", "ratio")],
    "model m = base { layer.mlp = mlp(ratio = 9.0) }": [],
    "model m = base { blocks = [layer(mlp.ratio = 9.0, mlp.hidden = 8) for i in 0 .. depth] }": [("V0414", "ratio")],
    "model m = base { layer.mlp = glu(hidden = 8), mlp.hidden = 3 }": [("V0414", "hidden")],
    "model m = base { layer.mlp = glu(hidden = 8), mlp = mlp(hidden = 3) }": [("V0414", "mlp")],
    "model m = base { layer.norm = layernorm, norm.eps = 0.1 }": [],  # the last norm has it
    "model m = base { layer { mlp.act = relu }, mlp { act = silu, drop = 0.1 } }": [("V0414", "act")],
    "model m = base { blocks = [layer(mlp = glu(hidden = 8)) for i in 0 .. depth], mlp.fc1.bias = false }": [
        ("V0414", "bias")
    ],
    "model m = base { blocks.mlp.fc1.bias = false, mlp.fc2.bias = false, attn.qk_norm = layernorm(eps = 0.1) }": [],
    "model m = base { patch = 4, patch_embed = patch_embed(8, dim) }": [("V0414", "patch")],
    # what is read on the way to something that is read has an effect
    "model m = base { depth = 3, drop_path = 0.1, heads = 2, layer = encoder(attn, mlp, norm) }": [],
    "model m = base { layer.mlp.ratio = 9.0, layer.mlp = mlp }": None,
    # what a farther sheet sets and a nearer one replaces is no fault of either
    "model a = base { depth = 7 }\nmodel m = a { blocks = [layer() for i in 0 .. 3] }": [],
    # a whole value drops what a sheet below set inside the old one: told where the new value has that part and leaves it
    "model a = base { mlp.drop = 0.1 }\nmodel m = a { mlp = glu }": [("V0413", "glu")],
    "model a = base { mlp { drop = 0.1, fc1.bias = false } }\nmodel m = a { mlp = glu(drop = 0.2) }": [
        ("V0413", "glu(drop = 0.2)")
    ],
    "model a = base { norm.eps = 0.1 }\nmodel m = a { norm = layernorm(eps = 0.2) }": [],
    "model a = base { norm.eps = 0.1 }\nmodel m = a { norm = rmsnorm }": [("V0413", "rmsnorm")],
    "model a = base { norm.bias = false }\nmodel m = a { norm = rmsnorm }": [],
}


@pytest.mark.parametrize("text", WITHOUT_EFFECT)
def test_a_setting_that_nothing_reads_is_told(text):
    checked = check(loads(f"vit 1\n{BASE}\n{text}"), "m")
    if WITHOUT_EFFECT[text] is None:
        assert [d.code for d in checked.problems] == ["V0204"]
    else:
        assert [(d.code, d.span.text) for d in checked.warnings if d.span] == WITHOUT_EFFECT[text]


ODD = """
block odd(image: shape = 8x8x3) {
  fc   = linear(4)
  pos  = weight([1, 64, 3], 0.0)
  lost = linear(4)

  forward(image: [C, H, W]) {
    x: [N, D] = rearrange(image, "c h w -> (h w) c", p = 2)
    return fc(mean(x + pos, axis = -2)[0])
  }
}
model m = odd
"""


def test_what_a_block_does_without_effect_is_told():
    checked = check(loads(f"vit 1\n{ODD}"), "m")
    found = [(d.code, d.span.text) for d in checked.warnings if d.span]
    assert found == [("V0415", "lost"), ("V0416", '"c h w -> (h w) c"'), ("V0417", "x + pos")]
    assert all(d.severity == "warning" for d in checked.warnings) and checked.program is not None


#: Bindings and a `forward`, and the layers that are told as bound and never called.
UNCALLED = {
    ("fc = linear(4)", "return fc(mean(x, axis = -2))"): [],
    ("fc = linear(4)\n  extra = linear(4)", "y = [extra]\n    return fc(mean(x, axis = -2))"): ["extra"],
    ("fc = linear(4)\n  extra = linear(4)", "y = extra\n    return fc(mean(x, axis = -2))"): ["extra"],
    ("fc = [linear(4), linear(4)]", "return fc[0](mean(x, axis = -2))"): ["fc"],
    ("fc = [linear(3), linear(4)]", "return fc(mean(x, axis = -2))"): [],
    ("fc = [linear(3), linear(4)]", "return fc[1](fc[0](mean(x, axis = -2)))"): [],
    ("fc = linear(4)\n  norm = norm", "return fc(mean(x, axis = -2))"): ["norm"],
    ("fc = linear(4)\n  n = norm", "return fc(mean(n(x), axis = -2))"): [],
    ("fc = linear(4)\n  two = share(fc)", "return two(mean(x, axis = -2))"): [],
    ("fc = linear(4)\n  two = share(fc)", "return fc(mean(x, axis = -2))"): ["two"],
    # a branch that is not taken may call it another time
    ("fc = linear(4)\n  pre = linear(3)", "x = if N == 63 then pre(x) else x\n    return fc(mean(x, axis = -2))"): [],
    ("fc = linear(4)\n  inner = mlp(hidden = 4)", "return fc(mean(inner(x), axis = -2))"): [],
}


@pytest.mark.parametrize("lines", UNCALLED)
def test_a_layer_that_is_never_called_is_told(lines):
    bind, body = lines
    text = f"block b(image: shape = 8x8x3, norm: block = layernorm) {{\n  {bind}\n  forward(image: [C, H, W]) {{\n    x: [N, D] = tokens(image)\n    {body}\n  }}\n}}\nmodel m = b"
    checked = check(loads(f"vit 1\n{text}"), "m")
    assert checked.problems == ()
    assert [d.span.text for d in checked.warnings if d.span and d.code == "V0415"] == UNCALLED[lines]


def test_a_layer_parameter_that_is_never_called_is_told():
    text = "block b(image: shape = 8x8x3, act: layer = gelu, top: layer = linear(4)) {\n  forward(image: [C, H, W]) { return top(mean(image, axis = [-2, -1])) }\n}\nmodel m = b"
    checked = check(loads(f"vit 1\n{text}"), "m")
    assert [(d.code, d.span.text) for d in checked.warnings if d.span] == [("V0415", "act")]


def test_a_layer_called_in_one_of_two_models_has_an_effect():
    body = "x = [pre]\n    y = if N == 64 then pre(tokens(image)) else tokens(image)\n    return mean(y, axis = -2)"
    block = f"block b(image: shape = 8x8x3) {{\n  pre = linear(3)\n  forward(image: [C, H, W]) {{\n    N = H * W\n    {body}\n  }}\n}}"
    library = loads(f"vit 1\n{block}\nmodel m = b\nmodel n = b {{ image = 16x16x3 }}\n")
    warned = [[d.code for d in check(library, name).warnings] for name in ("m", "n")]
    assert warned == [[], ["V0415"]]
    assert check(library, "m").read & {d.span for d in check(library, "n").warnings}


def test_what_has_no_effect_in_a_bundled_sheet_is_not_told_to_its_user():
    """`hidden` of a sheet of the zoo is read no more where both layers that read it are replaced: no fault of the user's."""
    text = (
        'vit 1\nuse "zoo/eva.vit"\nmodel m = eva02_base_patch14_224 { mlp { fc1_g = linear(8), fc1_x = linear(8) } }\n'
    )
    checked = check(loads(text), "m")
    assert checked.problems == () and checked.warnings == ()
    own = "vit 1\nmodel z = vit { depth = 1, mlp = swiglu(hidden = 9) }\nmodel m = z { mlp { fc1_g = linear(8), fc1_x = linear(8) } }\n"
    assert [(d.code, d.span.text) for d in check(loads(own), "m").warnings if d.span] == [("V0414", "hidden")]


@pytest.mark.parametrize("lines", ['head.weight = 0.5, "head.weight" = 1.0', '"head.weight" = 0.5, head { weight = 1.0 }',
                                   'head { weight = 0.5 }, "head.weight" = 1.0', '"head.weight" = 0.5, "head.weight" = 1.0'])  # fmt: skip
def test_a_weight_named_with_and_without_quotes_is_set_twice(lines):
    (found,) = check(loads(f"vit 1\n{BASE}\nmodel m = base\ninit {{ {lines} }}\n"), "m").problems
    assert (found.code, found.message) == ("V0204", "`head.weight` is set twice in this section")


@pytest.mark.parametrize("key", [".depth", "depth.", "mlp..drop", ".", "init.", "train..lr"])
def test_a_path_without_a_name_is_refused_on_the_command_line(key):
    with pytest.raises(VitError) as refused:
        check(loads(f"vit 1\n{BASE}\nmodel m = base\n"), "m", {key: "1"})
    (found,) = refused.value.diagnostics
    assert (
        found.code == "V1004"
        and found.message == f"`{key}` is not a path: `--set` takes names with one dot between them"
    )
    assert found.span and found.span.text == key


@pytest.mark.parametrize(("entry", "help"), [
    ("hidden = 8", "write `mlp.hidden`"),
    ("drop_rate = 0.1", "write `attn.drop` or `mlp.drop`"),
    ("init_values = 0.1", "write `layer.scale`"),
    ("embed_dim = 8", "did you mean `dim`?"),
])  # fmt: skip
def test_a_name_that_only_parts_have_is_answered_with_their_paths(entry, help):
    (problem,) = check(loads(f"vit 1\n{BASE}\nmodel m = base {{ {entry} }}"), "m").problems
    assert problem.code == "V0202" and problem.help.startswith(help)


def test_an_unknown_part_says_where_the_user_chose_the_value():
    """The block is handed from the sheet through two defaults of the library."""
    text = "model part = base { layer.mlp.act = relu }\nmodel m = part { mlp = swiglu }"
    (problem,) = check(loads(f"vit 1\n{BASE}\n{text}"), "m").problems
    assert problem.span and (problem.code, problem.span.text) == ("V0202", "act")
    assert [(label.span.text, label.span.line) for label in problem.others] == [("swiglu", 4)]
