"""What a file is follows from its content; folders, shards, and what is no file of weights."""

import gzip
import json
import os
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file


@pytest.mark.parametrize("name", ["w", "w.bin", "w.pth.tar", "w.ckpt", "w.npz.txt"])
@pytest.mark.parametrize("kind", ["safetensors", "npz"])
def test_the_suffix_says_nothing(name, kind, tiny, bring, tmp_path):
    if kind == "npz":
        np.savez(tmp_path / "x.npz", **tiny.tensors)
        os.rename(tmp_path / "x.npz", tmp_path / name)
    else:
        save_file(tiny.tensors, tmp_path / name)
    _, found = bring(tmp_path / name)
    assert all(np.array_equal(found[k], v) for k, v in tiny.tensors.items())


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 346293852\n"
OTHERS = {
    "lfs": (LFS, "a Git LFS pointer", "git lfs pull"),
    "page": (b"\n<!DOCTYPE html><html><head>", "a web page", "fetch the file itself"),
    "empty": (b"", "it is empty (0 bytes)", "again"),
    "gzip": (gzip.compress(b"x" * 100), "compressed by gzip", "unpack"),
    "json": (b'{"model_type": "vit"}', "it is JSON", "file of weights"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5", "safetensors"),
    "npy": (b"\x93NUMPY\x01\x00" + bytes(100), "without a name", "numpy.savez"),
    "zip": (b"PK\x03\x04" + bytes(100), "cut off or damaged", "again"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is a picture", "file of weights"),
    "text": (b"epoch,loss\n1,0.5\n", "it is text", "file of weights"),
    "tar": (bytes(257) + b"ustar\x0000" + bytes(300), "a tar archive", "unpack"),
}


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_file_of_weights_is_named(case, name, bring, tmp_path):
    content, what, help = OTHERS[case]
    (tmp_path / name).write_bytes(content)
    (found,) = bring(tmp_path / name, "--trust")
    assert found.code == "V0702"
    assert what in found.message
    assert help in found.help


@pytest.fixture
def shards(tiny, tmp_path):
    """A folder with two shards and their index, as transformers writes them."""
    folder = tmp_path / "their"
    folder.mkdir()
    names = sorted(tiny.tensors)
    where = {name: f"model-0000{1 + (i > 9)}-of-00002.safetensors" for i, name in enumerate(names)}
    for shard in set(where.values()):
        save_file({n: tiny.tensors[n] for n in names if where[n] == shard}, folder / shard)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    return folder


def test_a_folder_of_shards(tiny, bring, shards):
    for path in (shards, shards / "model.safetensors.index.json"):
        about, found = bring(path)
        assert all(np.array_equal(found[k], v) for k, v in tiny.tensors.items())
        assert sorted(about["files"]) == sorted(p.name for p in shards.iterdir())


def test_transformers_own_shards(transformers, tmp_path):
    """A folder that `save_pretrained` wrote, against the weights in memory."""
    import torch
    import vitc
    from vitc.application import weights as application

    config = transformers.ViTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
                                    image_size=32, patch_size=8, num_labels=5)  # fmt: skip
    model = transformers.ViTForImageClassification(config)
    model.save_pretrained(tmp_path / "their", max_shard_size="40kB")
    assert len(list((tmp_path / "their").glob("*.safetensors"))) > 1
    spec = tmp_path / "m.vit"
    spec.write_text("vit 1\nmodel m = vit { image = 32x32x3, patch = 8, dim = 32, depth = 2, heads = 4, classes = 5 }\n"
                    'weights { file = "their", layout = hf }\n')  # fmt: skip
    found = application.start(vitc.load(spec), spec, 0)
    state = model.state_dict()
    assert found.origin.kind == "file"
    assert torch.equal(torch.from_numpy(found["head.weight"]), state["classifier.weight"])
    assert torch.equal(torch.from_numpy(found["pos_embed"]), state["vit.embeddings.position_embeddings"])


def changed(shards, change):
    index = shards / "model.safetensors.index.json"
    found = json.loads(index.read_text())
    change(found["weight_map"])
    index.write_text(json.dumps(found))


FIRST = "blocks.0.attn.proj.bias"
WRONG = {
    "missing": (lambda f: (f / "model-00002-of-00002.safetensors").unlink(), "`model-00002-of-00002.safetensors`"),
    "parent": (lambda f: changed(f, lambda w: w.update({FIRST: "../m.safetensors"})), "no file name"),
    "absolute": (lambda f: changed(f, lambda w: w.update({FIRST: "/etc/passwd"})), "no file name"),
    "elsewhere": (lambda f: changed(f, lambda w: w.update({FIRST: "model-00002-of-00002.safetensors"})), FIRST),
    "not listed": (lambda f: changed(f, lambda w: w.pop(FIRST)), "nowhere"),
    "itself": (lambda f: changed(f, lambda w: w.update({FIRST: "model.safetensors.index.json"})), "is an index itself"),
    "too many": (lambda f: changed(f, lambda w: w.update(more="model-00001-of-00002.safetensors")), "`more` is not in"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_index_that_lies(case, bring, shards):
    change, text = WRONG[case]
    change(shards)
    (found,) = bring(shards)
    assert found.code == "V0718"
    assert text in found.message


def test_links_of_shards(tiny, bring, shards, tmp_path):
    """Out of the folder: refused; from a snapshot of the Hugging Face cache into its blobs: read."""
    name = "model-00002-of-00002.safetensors"
    cache = tmp_path / "cache"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots").mkdir()
    shutil.move(shards / name, cache / "blobs" / "4d7a")
    (shards / name).symlink_to(cache / "blobs" / "4d7a")
    (found,) = bring(shards)
    assert (found.code, "leads out of its folder" in found.message) == ("V0718", True)
    snapshot = cache / "snapshots" / "revision"
    shards.rename(snapshot)
    (snapshot / name).unlink()
    (snapshot / name).symlink_to("../../blobs/4d7a")
    assert len(bring(snapshot)[1]) == len(tiny.tensors)


def test_folders(tiny, bring, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    assert bring(folder)[0].code == "V0701"
    (folder / "config.json").write_text("{}")
    assert bring(folder)[0].code == "V0701"
    save_file(tiny.tensors, folder / "a.safetensors")
    assert len(bring(folder)[1]) == len(tiny.tensors)
    save_file(tiny.tensors, folder / "b.safetensors")
    (found,) = bring(folder)
    assert (found.code, "`a.safetensors`, `b.safetensors`" in found.message) == ("V0718", True)
    save_file(tiny.tensors, folder / "model.safetensors")
    about, _ = bring(folder)
    assert list(about["files"]) == ["model.safetensors"]


def test_a_folder_without_weights_is_never_compiled_with_drawn_ones(tiny, tmp_path):
    import vitc
    from vitc.diagnostics import VitError

    folder = tmp_path / "folder"
    folder.mkdir()
    tiny.spec.write_text(tiny.spec.read_text() + 'weights { file = "folder" }\n')
    for options in ({}, {"weights": folder}):
        with pytest.raises(VitError) as problem:
            vitc.compile(tiny.spec, out=tmp_path / "out", **options)
        assert problem.value.diagnostics[0].code == "V0701"
        assert (problem.value.diagnostics[0].span is not None) == (not options)
    assert not (tmp_path / "out").exists()
