"""The page on concepts: its texts are models, and what it claims about numbers holds."""

import re

import numpy as np
import pytest
import torch
import vitc
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load, loads
from vitc.runtime.predict import softmax

PAGE = (SPECS.parent / "docs" / "concepts.md").read_text(encoding="utf-8")
TEXTS = re.findall(r"```vit\n(.*?)```", PAGE, re.DOTALL)
SMALL = "image = 8x8x1, patch = 2, dim = 32, depth = 1, heads = 4, classes = 10"


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.split("model ")[-1].split()[0])
def test_every_text_of_the_page_is_a_model(text):
    library = loads(text)
    assert library.models()
    for name in library.models():
        elaborate(library, name)


def test_the_text_of_attention_is_that_of_the_library():
    (shown,) = re.findall(r"```\n(fn attend.*?)```", PAGE, re.DOTALL)
    assert shown.strip() in (SPECS / "std" / "std.vit").read_text(encoding="utf-8")


def test_the_walk_has_the_shapes_of_the_model():
    graph = vitc.load("notes").graph
    shapes = {" x ".join(map(str, v.type.shape)) for node in graph.nodes for v in node.outputs}
    rows = re.findall(r"^\| [^|]+ \| ([\dx ]+?)(?: each)? \|", PAGE.partition("## Patches")[0], re.MULTILINE)
    assert len(rows) > 10
    assert {row for row in rows if row != "1 x 8 x 8"} <= shapes


def test_patches_by_a_linear_layer_are_the_convolution(model):
    linear = model(TEXTS[0])
    conv = torch.nn.Conv2d(1, 64, 2, stride=2)
    conv.load_state_dict({"weight": linear.proj.weight.reshape(64, 1, 2, 2), "bias": linear.proj.bias})
    image = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(linear(image), conv(image).flatten(2).transpose(1, 2))


def test_a_learned_table_is_looked_up_by_index_and_only_its_rows_learn(model):
    text = """
    block words(image: shape = 8x8x1, classes: int > 0 = 2) {
      table = weight([10, 4], normal(1.0))
      head  = linear(classes)
      forward(image: [image.c, H, image.w]) {
        x = take(table, 3 * arange(3), axis = -2)
        return head(mean(x, axis = -2) + mean(image, axis = [-3, -2, -1]))
      }
    }
    model m = words"""
    made = model(text)
    made(torch.randn(2, 1, 8, 8)).sum().backward()
    assert made.table.grad.abs().sum(1).nonzero().flatten().tolist() == [0, 3, 6]


def test_without_positions_attention_does_not_know_where_a_token_stands(model):
    places = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    image = torch.randn(2, 1, 8, 8)
    patches = image.unflatten(3, (4, 2)).unflatten(2, (4, 2)).permute(0, 1, 2, 4, 3, 5).flatten(2, 3)
    moved = patches[:, :, places].unflatten(2, (4, 4)).permute(0, 1, 2, 4, 3, 5).flatten(4, 5).flatten(2, 3)
    blind = model(f"model m = vit {{ {SMALL}, pool = mean, cls_token = none, pos = none }}").eval()
    torch.testing.assert_close(blind(moved), blind(image), rtol=1e-4, atol=1e-5)
    seeing = model(
        f"model m = vit {{ {SMALL}, pool = mean, cls_token = none, pos_embed = weight([1, N, dim], trunc_normal(0.5)) }}"
    ).eval()
    assert (seeing(moved) - seeing(image)).abs().max() > 1e-3
    assert seeing.pos_embed[0].shape == seeing.patch_embed(image)[0].shape


def test_layernorm_takes_each_token_for_itself_and_batchnorm_the_batch(model):
    text = "model m = vit {{ image = 8x8x1, patch = 2, dim = 32, depth = 1, heads = 4, classes = 10, norm = {} }}"
    images = torch.randn(6, 1, 8, 8)
    layer, batch = model(text.format("layernorm")), model(text.format("batchnorm(axis = -1)"))
    torch.testing.assert_close(layer(images)[:1], layer(images[:1]))
    assert (batch(images)[:1] - batch(images[:2])[:1]).abs().max() > 1e-3
    mean = batch.norm.running_mean.clone()
    batch(images + 3)
    assert (batch.norm.running_mean - mean).abs().max() > 1e-4
    batch.eval()
    mean = batch.norm.running_mean.clone()
    torch.testing.assert_close(batch(images)[:1], batch(images[:1]))
    torch.testing.assert_close(batch.norm.running_mean, mean)


def test_rmsnorm_takes_no_mean_out(model):
    made = model(
        "block b(image: shape = 8x8x1) { norm = rmsnorm\n forward(image: [1, 8, 8]) { return norm(image) } }\nmodel m = b"
    )
    x = torch.randn(2, 1, 8, 8) + 5
    torch.testing.assert_close(made(x), x / (x**2).mean(-1, keepdim=True).add(1e-5).sqrt())


def test_softmax_of_large_numbers_is_still_one_in_every_target(model):
    large = np.array([1e4, 1e4 - 1, -1e4])
    expected = np.array([1, np.exp(-1), 0]) / (1 + np.exp(-1))
    np.testing.assert_allclose(softmax(large), expected, rtol=1e-12)
    made = model(
        "block b(image: shape = 1x3x1) { forward(image: [1, 1, 3]) { return softmax(image)[0, 0] } }\nmodel m = b"
    )
    found = made(torch.from_numpy(large).reshape(1, 1, 1, 3))
    np.testing.assert_allclose(found[0].numpy(), expected, rtol=1e-12)


def test_the_notes_keep_their_second_softmax_outside_of_attention():
    graph = vitc.load("notes").graph
    ops = [node.op for node in graph.nodes]
    assert (ops.count("attention"), ops.count("softmax")) == (2, 2)
    joined = next(node for node in graph.nodes if node.op == "softmax")
    assert joined.output.type.shape == (16, 64)


def test_no_more_is_missing_in_the_notes_than_their_comments_say():
    library = load(SPECS / "zoo" / "notes.vit")
    names = set(elaborate(library, "notes").weights())
    assert {n for n in names if "encoder.0" in n} == {
        f"encoder.0.{part}.{kind}" for part in ("q", "k", "v", "proj") for kind in ("weight", "bias")
    }
    assert not any("cls_token" in name or "mlp" in name for name in names)


@pytest.mark.parametrize("pool", ["token", "mean", "max", "map"])
def test_pools_are_what_their_names_say(model, pool):
    made = model(
        f"model m = vit {{ {SMALL}, pool = {pool}, final_norm = tokens, pos_embed = weight([1, N + 1, dim], trunc_normal(0.5)) }}"
    ).eval()
    seen = {}
    made.norm.register_forward_hook(lambda module, inputs, out: seen.update(tokens=out))
    made.head.register_forward_hook(lambda module, inputs, out: seen.update(pooled=inputs[0]))
    made(torch.randn(2, 1, 8, 8))
    tokens, pooled = seen["tokens"], seen["pooled"]
    expected = {
        "token": lambda: tokens[:, 0],
        "mean": lambda: tokens[:, 1:].mean(1),
        "max": lambda: tokens[:, 1:].amax(1),
        "map": lambda: made.attn_pool(tokens[:, 1:]),
    }[pool]()
    torch.testing.assert_close(pooled, expected)


def test_the_receptive_field_of_the_stem_is_13_pixels(model):
    text = next(t for t in TEXTS if "sees_13_pixels" in t)
    made = model(text)
    for weight in made.parameters():
        torch.nn.init.uniform_(weight, 0.1, 1.0)
    image = torch.rand(1, 3, 32, 32, requires_grad=True)
    out = made(image)
    # A pool hands the gradient of a place to the largest of its window alone: all of them together are what it sees.
    seen = torch.zeros(32, 32)
    for seed in range(40):
        image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed), requires_grad=True)
        made(image)[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
        assert image.grad is not None
        seen += image.grad.abs().sum((0, 1))
    rows = seen.sum(1).nonzero().flatten()
    assert int(rows.max() - rows.min()) + 1 == 13


def test_attention_written_out_is_what_the_page_shows():
    from vitc.compiler import passes
    from vitc.compiler.backends.torch import source

    (shown,) = re.findall(r'^```python title="attention, written out"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
    program = passes.local(elaborate(load(SPECS / "zoo" / "vit.vit"), "vit_base_patch16_224"))
    assert shown in source.emit(program, plain=True)


def test_the_page_names_every_term_of_its_table_in_the_text():
    terms = re.findall(r"^\| ([^|]+?) \| [^|]+ \| ([^|]+?) \|", PAGE, re.MULTILINE)[:10]
    body = PAGE.partition("## The way")[2].lower()
    wanted = [part.strip().split(" (")[0] for row in terms[1:] for cell in row for part in cell.split(",")]
    missing = [word for word in wanted if word.lower().split()[0] not in body]
    assert missing == []
