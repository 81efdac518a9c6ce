"""Every sheet of the zoo has the weights of timm's model of the same name, names and shapes, the eps of its norms, and the
preparation of pictures that timm evaluates its default weights with."""

from math import floor

import pytest
from vitc.compiler.elaborate import check
from vitc.compiler.elaborate.bundled import SPECS
from vitc.compiler.elaborate.library import load
from vitc.runtime.sections.input import Input, preprocess

LIBRARIES = {path.stem: load(path) for path in sorted((SPECS / "zoo").glob("*.vit")) if path.stem != "notes"}
MODELS = [(family, name) for family, library in LIBRARIES.items() for name in library.models()]


def epsilons(child, path):
    """The eps of every norm that has weights, by the path of the layer."""
    if isinstance(child, tuple):
        return {name: e for i, member in enumerate(child) for name, e in epsilons(member, f"{path}.{i}").items()}
    if child is None or child.is_op:
        return {path: child.attrs["eps"]} if child is not None and "eps" in child.attrs else {}
    found = [epsilons(inner, f"{path}.{name}" if path else name) for name, inner in child.children.items()]
    return {name: e for part in found for name, e in part.items()}


@pytest.mark.parametrize(("family", "name"), MODELS)
def test_names_shapes_and_eps_are_timms(timm, family, name):
    import torch

    with torch.device("meta"):
        reference = timm.create_model(name, pretrained=False)
    checked = check(LIBRARIES[family], name)
    assert checked.problems == checked.warnings == () and checked.program is not None
    program = checked.program
    weights = program.weights()
    assert {k: s.shape for k, s in weights.items()} == {k: tuple(v.shape) for k, v in reference.state_dict().items()}
    trained = {k for k, s in weights.items() if s.trainable}
    assert trained == {k for k, _ in reference.named_parameters()}
    norms = {k: m for k, m in reference.named_modules() if hasattr(m, "eps") and getattr(m, "weight", None) is not None}
    assert epsilons(program.root, "") == {k: m.eps for k, m in norms.items() if m.weight.ndim == 1}

    assert prepared(program) == timms_preparation(timm, name)


def prepared(program):
    """Size of the input, side before the cut, and statistics, as the sheet states them."""
    made = preprocess(program, Input())
    assert made.assumed == ()
    resize = made.resize if isinstance(made.resize, tuple) else (made.resize, made.resize)
    size = (made.channels, made.height, made.width)
    return size, resize, made.crop_mode, made.interpolation, made.mean, made.std


def timms_preparation(timm, name):
    """The same of the default weights of a name: for names without weights that is timm's default configuration."""

    theirs = timm.data.resolve_data_config(pretrained_cfg=timm.models.get_pretrained_cfg(name).to_dict())
    size = tuple(theirs["input_size"])
    resize = tuple(floor(side / theirs["crop_pct"]) for side in size[1:])
    return size, resize, theirs["crop_mode"], theirs["interpolation"], tuple(theirs["mean"]), tuple(theirs["std"])


def test_a_name_stands_once_in_the_zoo():
    names = [name for _, name in MODELS]
    assert sorted(names) == sorted(set(names))
