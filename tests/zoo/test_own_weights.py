"""Every kind of the zoo, and every small model beside it, loads what its own `model.py` saved, to the bit."""

from pathlib import Path

import numpy as np
import pytest
from kinds import DEPTHS, KINDS, LIBRARIES
from vitc.compiler import passes
from vitc.compiler.backends.torch import source as torch_source
from vitc.compiler.elaborate import elaborate, settable
from vitc.compiler.elaborate.library import load
from vitc.runtime.verify.modules import imported
from vitc.runtime.weights.initial import Initial
from vitc.runtime.weights.matched import read
from vitc.runtime.weights.matching import Model

#: Models that use the blocks of std that no kind of the zoo does, a file each.
OTHERS = sorted(Path(__file__).with_name("small").glob("*.vit"))
#: Kinds with counters, buffers and bounds of clamps among their weights; the others each day.
SAMPLE = {"vit_tiny_r_s16_p8_224", "vit_relpos_small_patch16_224"}


def zoo(name):
    family = next(family for _, family, one in KINDS if one == name)
    library = LIBRARIES[family]
    inside = any(row.path == "encoder.depth" for row in settable(library, name))
    return elaborate(library, name, {"encoder.depth" if inside else "depth": str(DEPTHS.get(name, 2))})


def other(path):
    library = load(path)
    (name,) = library.models()
    return elaborate(library, name)


def drawn(program, folder):
    """The printed model with every number drawn anew, counters too."""
    import torch

    (folder / "model.py").write_text(torch_source.emit(passes.local(program)))
    module = imported(folder / "model.py").Model()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 9)
    return module


@pytest.mark.parametrize(
    "program",
    [
        *(
            pytest.param(lambda name=name: zoo(name), id=name, marks=() if name in SAMPLE else pytest.mark.slow)
            for _, _, name in KINDS
        ),
        *(pytest.param(lambda path=path: other(path), id=path.stem, marks=pytest.mark.slow) for path in OTHERS),
    ],
)
def test_what_its_model_py_saved_loads(program, tmp_path):
    import torch
    from safetensors.torch import save_file, save_model

    program = program()
    module = drawn(program, tmp_path)
    state = module.state_dict()
    model = Model.of(program)
    for given in ("state.safetensors", "model.safetensors", "state.pth"):
        path = tmp_path / given
        match given:
            case "state.safetensors":
                save_file({name: tensor.clone() for name, tensor in state.items()}, path)
            case "model.safetensors":
                save_model(module, str(path))
            case _:
                torch.save(state, path)
        found = read(path, model, Initial(program, 0), trust=True)
        assert found.keys() == program.weights().keys()
        for name, array in found.items():
            assert array.shape == tuple(state[name].shape), name
            assert np.array_equal(array, state[name].numpy()), name
        path.unlink()
