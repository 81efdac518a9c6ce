"""What the tests of weights share: small models of the zoo, filled from files, run by the numpy reference."""

import json
import os
import warnings

import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"

#: What makes a sheet of the zoo small.
SMALL = {"image": "32x32x3", "patch": "8", "dim": "32", "depth": "2", "heads": "4"}


@pytest.fixture(scope="session")
def transformers(timm):
    """The library transformers, after `timm` has made torchvision importable; it reads and writes local files only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


@pytest.fixture(scope="session")
def filled():
    """`filled(model, seed)`: a torch module with every parameter drawn anew, those that start as zero or one too."""
    return _filled


def _filled(model, seed=0):
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 0.3 if parameter.ndim < 2 else 1 / np.sqrt(max(1, parameter[0].numel()))
            drawn = torch.randn(parameter.shape, generator=generator) * scale
            parameter.copy_(drawn + (name.endswith("weight") and parameter.ndim == 1))
    return model.eval()


@pytest.fixture(scope="session")
def small():
    """`small(name, **settings)`: the program of a sheet of the zoo at a small size."""
    import vitc

    return lambda name, **settings: vitc.check(name, settings={**SMALL, **settings})


@pytest.fixture(scope="session")
def imported():
    """`imported(path, program, layout, **choices)`: its weights out of a file."""
    from vitc.runtime.weights.initial import Initial
    from vitc.runtime.weights.matched import read
    from vitc.runtime.weights.matching import Choices, Model

    def found(path, program, layout, **choices):
        model = Model(program.weights(), program.root.params)
        return read(path, model, Initial(program, 0), layout, Choices(**choices))

    return found


@pytest.fixture(scope="session")
def run():
    """`run(program, weights, images)`: the first output in float32 of the numpy reference."""
    from vitc.compiler.evaluate import evaluate
    from vitc.compiler.flatten import flatten

    return lambda program, weights, images: evaluate(flatten(program), (images,), weights, "float32")[0]


@pytest.fixture(scope="session")
def images():
    """float32 [2, 3, 32, 32]."""
    return np.random.default_rng(0).standard_normal((2, 3, 32, 32)).astype(np.float32)


@pytest.fixture(scope="session")
def close():
    return _close


def _close(found, expected):
    """The bar of the zoo: 1e-5 of the largest output, or of one."""
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5 * max(1.0, float(np.abs(expected).max()))


TINY = "vit 1\nmodel m = vit { image = 8x8x1, patch = 4, dim = 8, depth = 3, heads = 2, classes = 3 }\n"


@pytest.fixture
def tiny(tmp_path):
    """`tiny.spec`: a file with a tiny model; `tiny.tensors`: numpy arrays for it, none of them as the text draws them."""
    from types import SimpleNamespace

    import vitc

    path = tmp_path / "m.vit"
    path.write_text(TINY)
    rng = np.random.default_rng(7)
    tensors = {
        name: rng.standard_normal(spec.shape).astype(np.float32) for name, spec in vitc.check(path).weights().items()
    }
    return SimpleNamespace(spec=path, tensors=tensors)


@pytest.fixture
def bring(tiny, tmp_path):
    """`bring(file, *options)`: the JSON of an import and the tensors that it wrote, or its diagnostics."""
    from safetensors.numpy import load_file
    from typer.testing import CliRunner
    from vitc.cli.main import app
    from vitc.diagnostics import VitError

    def run(file, *options):
        out = tmp_path / "brought.safetensors"
        words = [
            "weights",
            "import",
            str(file),
            "--model",
            str(tiny.spec),
            "-o",
            str(out),
            "--format",
            "json",
            "--force",
        ]
        result = CliRunner().invoke(app, [*words, *options])
        if isinstance(result.exception, VitError):
            assert result.exception.exit_status in (2, 3)
            assert not out.exists()
            return result.exception.diagnostics
        assert result.exit_code == 0, result.exception
        found = load_file(out)
        out.unlink()
        return json.loads(result.stdout), found

    return run


class Here:
    """Answers as the process that reads pickles, in this one, where torch is loaded already: each process takes seconds."""

    def __init__(self, module, request):
        self.request = request

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self, seconds):
        from vitc.runtime.weights.pickled_child import answer

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # which are no errors in that process
            return json.loads(json.dumps(answer(self.request["source"], self.request["target"])))


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr("vitc.runtime.weights.pickled.Child", Here)
