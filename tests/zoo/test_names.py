"""Every sheet of the zoo has the weights of timm's model of the same name, names and shapes, and the eps of its norms."""

import pytest
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import SPECS, load

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
    program = elaborate(LIBRARIES[family], name)
    weights = program.weights()
    assert {k: s.shape for k, s in weights.items()} == {k: tuple(v.shape) for k, v in reference.state_dict().items()}
    trained = {k for k, s in weights.items() if s.trainable}
    assert trained == {k for k, _ in reference.named_parameters()}
    norms = {k: m for k, m in reference.named_modules() if hasattr(m, "eps") and getattr(m, "weight", None) is not None}
    assert epsilons(program.root, "") == {k: m.eps for k, m in norms.items() if m.weight.ndim == 1}


def test_a_name_stands_once_in_the_zoo():
    names = [name for _, name in MODELS]
    assert sorted(names) == sorted(set(names))
