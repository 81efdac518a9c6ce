"""A model that trains in a blink, and a way to train it."""

import pytest
from vitc.diagnostics import VitError

TINY = """vit 1
model tiny = vit { image = 8x8x1, patch = 4, dim = 8, depth = 1, heads = 2, classes = 10, cls_token = none, pool = mean,
                   pos_embed = weight([1, 4, 8], trunc_normal(0.5)), head_drop = dropout(0.1), input { mean = 0.0, std = 1.0, interpolation = bilinear, crop = 1.0 } }
"""
#: The quickest that leaves a run whole.
PLAIN = "export { torch = true, torchscript = false, onnx = false }\n"


@pytest.fixture
def spec(tmp_path):
    """Writes a spec of the tiny model with these sections."""

    def write(
        train="epochs = 2, batch = 16", data="source = fake(count = 64, held_out = 32)", model=TINY, export=PLAIN
    ):
        path = tmp_path / "tiny.vit"
        path.write_text(f"{model}data {{ {data} }}\ntrain {{ {train} }}\n{export}")
        return path

    return write


@pytest.fixture
def run(tmp_path):
    """Trains a spec in a folder of its own."""
    from vitc.application.train import train

    def go(path, out="run", **options):
        options = {"verify": False, "device": "cpu", **options}
        if "resume" not in options:
            options["out"] = tmp_path / out
        return train(path, **options)

    return go


@pytest.fixture
def refused():
    """Calls what must be refused, and gives the only diagnostic and the exit status."""

    def call(function, *args, **options):
        with pytest.raises(VitError) as caught:
            function(*args, **options)
        (found,) = caught.value.diagnostics
        return found, caught.value.exit_status

    return call
