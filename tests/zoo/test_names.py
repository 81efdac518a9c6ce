"""Every sheet of the zoo has the weights of timm's model of the same name: names and shapes, on the meta device."""

import pytest
from vitc.compiler.elaborate import elaborate
from vitc.compiler.elaborate.library import SPECS, load

LIBRARIES = {path.stem: load(path) for path in sorted((SPECS / "zoo").glob("*.vit")) if path.stem != "notes"}
MODELS = [(family, name) for family, library in LIBRARIES.items() for name in library.models()]


@pytest.mark.parametrize(("family", "name"), MODELS)
def test_names_and_shapes_are_timms(timm, family, name):
    import torch

    with torch.device("meta"):
        reference = timm.create_model(name, pretrained=False)
    weights = elaborate(LIBRARIES[family], name).weights()
    assert {k: s.shape for k, s in weights.items()} == {k: tuple(v.shape) for k, v in reference.state_dict().items()}
    trained = {k for k, s in weights.items() if s.trainable}
    assert trained == {k for k, _ in reference.named_parameters()}


def test_a_name_stands_once_in_the_zoo():
    names = [name for _, name in MODELS]
    assert sorted(names) == sorted(set(names))
