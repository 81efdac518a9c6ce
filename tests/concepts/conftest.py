"""Models by their text, in PyTorch."""

import importlib.util

import pytest
from vitc.compiler import passes
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import loads


@pytest.fixture
def model(tmp_path):
    """`model(text)`: the last model of a text as a module of the printed source, weights drawn with seed 0."""

    def made(text):
        import torch

        library = loads(text if text.startswith("vit 1") else f"vit 1\n{text}\n")
        program = passes.local(elaborate(library, library.models()[-1]))
        path = tmp_path / "model.py"
        path.write_text(torch_source.emit(program))
        spec = importlib.util.spec_from_file_location("model", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        torch.manual_seed(0)
        return module.Model()

    return made
