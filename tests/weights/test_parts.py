"""Wrappers and prefixes: what is in a file once is found and said, what is in it twice is asked for."""

import numpy as np
import pytest
from safetensors.numpy import save_file

#: What DDP, Lightning, torch.compile, EMA and self-supervised training put before the names.
PREFIXES = [
    "module.",
    "model.",
    "_orig_mod.",
    "net.",
    "module._orig_mod.",
    "state_dict.model.",
    "teacher.backbone.",
    "x.y.1.",
]


def under(*prefixes, tensors, **more):
    return {prefix + name: array for prefix in prefixes for name, array in tensors.items()} | more


def same(found, tensors):
    return found.keys() == tensors.keys() and all(np.array_equal(found[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_one_prefix_is_taken_and_said(prefix, tiny, bring, tmp_path):
    save_file(under(prefix, tensors=tiny.tensors), tmp_path / "given.safetensors")
    about, found = bring(tmp_path / "given.safetensors")
    assert (about["part"], about["outside"]) == (prefix[:-1], {})
    assert same(found, tiny.tensors)


def test_names_at_the_top_are_no_part(tiny, bring, tmp_path):
    save_file(tiny.tensors, tmp_path / "given.safetensors")
    about, found = bring(tmp_path / "given.safetensors")
    assert about["part"] is None
    assert same(found, tiny.tensors)


def test_what_lies_outside_is_counted(tiny, bring, tmp_path):
    one = np.ones(1, np.float32)
    more = {"criterion.weight": one, "queue": one, "head_of_dino.0.weight": one, "head_of_dino.2.weight": one}
    save_file(under("backbone.", tensors=tiny.tensors) | more, tmp_path / "given.safetensors")
    about, found = bring(tmp_path / "given.safetensors")
    assert about["part"] == "backbone"
    assert about["outside"] == {"criterion": 1, "head_of_dino": 2, "queue": 1}
    assert same(found, tiny.tensors)


@pytest.mark.parametrize("prefixes", [("model.", "model_ema."), ("", "ema."), ("student.module.", "teacher.module.")])
def test_two_copies_are_a_question(prefixes, tiny, bring, tmp_path):
    last = {name: array + 1 for name, array in tiny.tensors.items()}
    save_file(
        under(prefixes[0], tensors=last) | under(prefixes[1], tensors=tiny.tensors), tmp_path / "given.safetensors"
    )
    (found,) = bring(tmp_path / "given.safetensors")
    assert found.code == "V0716"
    for prefix in prefixes:
        assert f"\n    {prefix[:-1] or '.'}: {len(tiny.tensors)} tensors" in found.message
    assert "--part" in found.help
    for prefix, right in zip(prefixes, (last, tiny.tensors), strict=True):
        about, brought = bring(tmp_path / "given.safetensors", "--part", prefix[:-1] or ".")
        assert about["part"] == (prefix[:-1] or None)
        assert same(brought, right)
    tiny.spec.write_text(tiny.spec.read_text() + f'weights {{ part = "{prefixes[1][:-1]}" }}\n')
    assert same(bring(tmp_path / "given.safetensors")[1], tiny.tensors)


def test_the_beginning_of_a_part_is_enough(tiny, bring, tmp_path):
    tensors = under("student.module.", "teacher.module.", tensors=tiny.tensors)
    save_file(tensors, tmp_path / "given.safetensors")
    assert bring(tmp_path / "given.safetensors", "--part", "teacher")[0]["part"] == "teacher.module"


def test_a_part_that_is_not_there(tiny, bring, tmp_path):
    save_file(under("model.", tensors=tiny.tensors), tmp_path / "given.safetensors")
    (found,) = bring(tmp_path / "given.safetensors", "--part", "modle")
    assert found.code == "V0716"
    assert found.help.startswith("did you mean `model`?")
    assert "begin with `model`" in found.message


def test_the_nearer_of_two_that_do_not_fit_is_reported(tiny, bring, tmp_path):
    """Another head in both, and the averaged weights lack a block."""
    head = {"head.weight": np.ones((5, 8), np.float32), "head.bias": np.ones(5, np.float32)}
    ema = {name: array for name, array in tiny.tensors.items() if not name.startswith("blocks.2.")}
    save_file(
        under("model.", tensors=tiny.tensors | head) | under("ema.", tensors=ema | head), tmp_path / "given.safetensors"
    )
    shape, parts, _ = bring(tmp_path / "given.safetensors", "--layout", "auto")
    assert shape.code == "V0705"
    assert "part `model`, holds 2 tensors in another shape" in shape.message
    total = len(tiny.tensors)
    assert parts.code == "V0716"
    assert f"model ({total - 2} of {total} tensors fit), ema ({total - 14} of {total} tensors fit)" in parts.message


def test_a_part_in_a_layout_of_others(tiny, bring, tmp_path):
    import vitc
    from safetensors.numpy import load_file
    from vitc.runtime.weights.exported import export
    from vitc.runtime.weights.matching import Model

    export(tiny.tensors, Model.of(vitc.check(tiny.spec)), "hf_vit", tmp_path / "theirs.safetensors")
    theirs = load_file(tmp_path / "theirs.safetensors")
    save_file(under("model.", tensors=theirs), tmp_path / "given.safetensors")
    about, found = bring(tmp_path / "given.safetensors")
    assert (about["layout"], about["part"]) == ("hf_vit", "model")
    assert same(found, tiny.tensors)


def test_many_names_begin_with_what_they_have_in_common(tiny, bring, tmp_path):
    lacking = {n: a for n, a in tiny.tensors.items() if "qkv.bias" not in n and "norm" not in n and ".1." not in n}
    save_file(lacking, tmp_path / "given.safetensors")
    (missing,) = bring(tmp_path / "given.safetensors", "--layout", "timm")
    first, second = missing.message.split("\n")[1:3]
    assert first == "  1 of 3 blocks lack every tensor: 1"
    assert second == "  2 of 3 blocks lack norm1.weight, norm1.bias, attn.qkv.bias, norm2.weight and 1 more"
    extra = under("decoder.", tensors={str(n): np.ones(1, np.float32) for n in range(1)}, **{
        f"decoder.layer{n}.weight": np.ones(1, np.float32) for n in range(12)})  # fmt: skip
    extra.pop("decoder.0")
    save_file(tiny.tensors | extra, tmp_path / "given.safetensors")
    (found,) = bring(tmp_path / "given.safetensors", "--layout", "timm")
    assert (found.code, found.message.split("\n")[1]) == ("V0704", "  12 tensors begin with `decoder.`")
