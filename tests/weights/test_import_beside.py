"""The weights beside a configuration, however they are stored, are those of the spec; none are drawn in silence."""

import json

import numpy as np
import pytest
import vitc
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner
from vitc.application import weights as application
from vitc.cli.main import app
from vitc.diagnostics import VitError
from vitc.runtime.importing import imported
from vitc.runtime.importing.sheet import Asked
from vitc.runtime.weights.initial import Initial

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 32,
         "patch_size": 8, "num_labels": 5}  # fmt: skip


@pytest.fixture
def theirs(transformers, filled, tmp_path):
    """A small classifier, and its folder with a configuration alone."""
    model = filled(transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL)))
    model.config.architectures = ["ViTForImageClassification"]
    model.config.save_pretrained(tmp_path / "theirs")
    return model


@pytest.fixture
def import_(tmp_path):
    """`import_(*options)`: what `vitc import theirs` printed, or its diagnostics."""

    def run(*options, source="theirs"):
        words = ["import", str(tmp_path / source), "-o", str(tmp_path / "mine.vit"), "--force", *options]
        result = CliRunner().invoke(app, words)
        if isinstance(result.exception, VitError):
            return result.exception.diagnostics
        assert result.exit_code == 0, result.exception
        return result.output

    return run


@pytest.fixture
def numbers(run, images, close, theirs, tmp_path):
    """`numbers(trust)`: asserts that the spec with its weights has the numbers of transformers."""
    import torch

    def same(*, trust=False):
        program = vitc.check(tmp_path / "mine.vit")
        weights = application.imported(program, tmp_path / "mine.vit", Initial(program, 0), trust=trust)
        with torch.no_grad():
            close(run(program, weights, images), theirs(torch.from_numpy(images)).logits)

    return same


def test_shards(theirs, import_, numbers, tmp_path):
    theirs.save_pretrained(tmp_path / "theirs", max_shard_size="40kB")
    assert len(list((tmp_path / "theirs").glob("*.safetensors"))) > 1
    import_()
    assert 'file = "theirs/model.safetensors.index.json", layout = hf' in (tmp_path / "mine.vit").read_text()
    numbers()
    next((tmp_path / "theirs").glob("model-*.safetensors")).unlink()
    (found,) = import_()
    assert found.code == "V0718"


def test_weights_that_are_not_finite_are_not_blamed_on_the_configuration(theirs, import_, tmp_path):
    theirs.save_pretrained(tmp_path / "theirs")
    path = tmp_path / "theirs" / "model.safetensors"
    tensors = load_file(path)
    tensors["classifier.bias"][0] = np.nan
    save_file(tensors, path)
    (found,) = import_()
    assert (found.code, "head.bias: 1 NaN of 5" in found.message) == ("V0717", True)


@pytest.mark.parametrize("sharded", [False, True])
def test_a_pickle(sharded, theirs, import_, numbers, here, tmp_path):
    """Without trust it is named and not read, so that no weights are drawn in its place; with trust it is compared."""
    import torch

    names = ["pytorch_model-00001-of-00001.bin", "pytorch_model.bin.index.json"] if sharded else ["pytorch_model.bin"]
    torch.save(theirs.state_dict(), tmp_path / "theirs" / names[0])
    if sharded:
        where = dict.fromkeys(theirs.state_dict(), names[0])
        (tmp_path / "theirs" / names[1]).write_text(json.dumps({"weight_map": where}))
    said = import_()
    assert f"{names[-1]} is a pickle, so `vitc compile` needs --trust" in said
    assert f'file = "theirs/{names[-1]}", layout = hf' in (tmp_path / "mine.vit").read_text()
    with pytest.raises(VitError) as problem:
        numbers()
    assert problem.value.diagnostics[0].code == "V0712"
    numbers(trust=True)
    assert "is a pickle" not in import_("--trust")
    numbers(trust=True)
    config = tmp_path / "theirs" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "num_hidden_layers": 3}))
    assert [d.code for d in import_("--trust")] == ["V0713", "V0703"]


def test_weights_that_no_library_calls_so_are_told(theirs, import_, tmp_path):
    save_file({"x": np.ones(1, np.float32)}, tmp_path / "theirs" / "best.safetensors")
    note = "# not read: best.safetensors; name the file of weights with `weights { file = … }`"
    assert note in import_()
    assert "weights {" not in (tmp_path / "mine.vit").read_text().replace(note, "")


@pytest.mark.parametrize("name", ["weights.bin", "weights", "model.pth.tar"])
@pytest.mark.parametrize("pickled", [False, True])
def test_weights_alone_are_known_by_their_content(name, pickled, theirs, import_, numbers, here, tmp_path):
    import torch

    theirs.save_pretrained(tmp_path / "saved")
    tensors = load_file(tmp_path / "saved" / "model.safetensors")
    if pickled:
        torch.save({n: torch.from_numpy(t) for n, t in tensors.items()}, tmp_path / name)
    else:
        save_file(tensors, tmp_path / name)
    told = ("--image", "32x32", "--heads", "4", "--eps", "1e-12", "--act", "gelu", "--pool", "token")
    if pickled:
        assert import_(*told, source=name)[0].code == "V0712"
    import_(*told, *(["--trust"] if pickled else []), source=name)
    numbers(trust=pickled)


def test_a_folder_of_weights_alone_points_to_its_file(tmp_path):
    (tmp_path / "w.pth").touch()
    with pytest.raises(VitError) as caught:
        imported(tmp_path, Asked(), tmp_path)
    (problem,) = caught.value.diagnostics
    assert problem.code == "V0701" and str(tmp_path / "w.pth") in problem.help
