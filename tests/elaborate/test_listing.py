"""What can be set in a model: each path given back with the value it shows makes the same model."""

import pytest
from vitc.compiler.elaborate import elaborate, settable
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load, loads
from vitc.compiler.flatten import flatten
from vitc.compiler.ir.dump import dump, dump_program

FILES = [path for path in sorted(SPECS.glob("*/*.vit")) if path.parent.name != "std"]


def shown(library, name):
    return {row.path: row.value for row in settable(library, name)}


def same(one, other, text=dump_program):
    starts = [{n: (s.shape, s.trainable, s.dtype, repr(s.init)) for n, s in p.weights().items()} for p in (one, other)]
    return starts[0].keys() == starts[1].keys() and text(one) == text(other)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_paths_given_back_change_nothing(path):
    """The outer ones first, as they are printed: what is set whole keeps nothing of its parts but what is set after it."""
    library = load(path)
    for name in library.models()[::6]:
        given = {path: value for path, value in shown(library, name).items() if value is not None}
        assert len(given) > 10
        assert same(elaborate(library, name), elaborate(library, name, given)), name


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_paths_of_every_model_given_back_change_nothing(path):
    library = load(path)
    for name in library.models():
        given = {path: value for path, value in shown(library, name).items() if value is not None}
        assert same(elaborate(library, name), elaborate(library, name, given)), name


def test_each_path_alone_changes_nothing():
    """Layers that were one object may be two then: the whole graph is the same."""

    def graph(program):
        return dump(flatten(program))

    library = loads(
        "vit 1\nmodel m = vit { image = 16x16x3, patch = 8, dim = 8, depth = 2, heads = 2, layer.scale = 0.1 }\n"
    )
    base = elaborate(library, "m")
    for path, value in shown(library, "m").items():
        if value is not None:
            assert same(base, elaborate(library, "m", {path: value}), graph), path


def test_values_are_those_that_the_model_has():
    library = loads(
        "vit 1\nmodel m = vit { dim = 192, heads = 3, attn { qk_norm = rmsnorm }, mlp.act = relu, drop_path = 0.1 }\n"
    )
    found = shown(library, "m")
    assert {path: found[path] for path in ("dim", "attn.heads", "attn.qk_norm", "mlp.act", "blocks.mlp.hidden", "head.out")} == {
        "dim": "192", "attn.heads": "3", "attn.qk_norm": "rmsnorm", "mlp.act": "relu", "blocks.mlp.hidden": "768", "head.out": "1000",
    }  # fmt: skip
    assert found["blocks.drop_path"] is None  # it differs from block to block
    assert found["cls_token"] == "weight([1, 1, 192], normal(1e-06))"


def test_a_default_that_is_known_in_the_layer_alone_is_told_as_its_formula():
    (row,) = (row for row in settable(loads("vit 1\nmodel m = vit { depth = 1 }\n"), "m") if row.path == "mlp.hidden")
    assert (row.value, row.about) == (None, "by default int(ratio * dim)")
