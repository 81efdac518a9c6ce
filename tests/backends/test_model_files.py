"""The bytes of compiled files. They were the same under torch 2.11, 2.13 and 2.14.1: a release that changes them is noticed.

`pytest --update` writes `files.json` anew.
"""

import hashlib
import json
from pathlib import Path

import pytest
import vitc

RECORDED = Path(__file__).with_name("files.json")
FILES = ("model.py", "model.ts", "model.onnx", "model.safetensors")
#: Attention with a class token and dropout; convolutions and batchnorm with buffers.
SPECS = {
    "digits": None,
    "attention": "model attention = vit { image = 16x16x3, patch = 8, dim = 16, depth = 2, heads = 2, classes = 3, head_drop.rate = 0.1 }",
    "convolution": """block net(image: shape = 8x8x3) {
  stem = conv2d(8, kernel = 3, padding = 1)
  norm = batchnorm
  fc   = linear(4)

  forward(image: [C, H, W]) { return fc(mean(rearrange(relu(norm(stem(image))), "c h w -> c (h w)"), axis = -1)) }
}

model convolution = net""",
}


@pytest.mark.parametrize("name", SPECS)
def test_the_files_have_the_recorded_hashes(name, tmp_path, request):
    spec = name
    if SPECS[name] is not None:
        spec = tmp_path / f"{name}.vit"
        spec.write_text(f"vit 1\n\n{SPECS[name]}\n")
    vitc.compile(spec, out=tmp_path / "out", verify=False)
    found = {file: hashlib.sha256((tmp_path / "out" / file).read_bytes()).hexdigest() for file in FILES}
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    if request.config.getoption("--update"):
        RECORDED.write_text(json.dumps(recorded | {name: found}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    else:
        assert found == recorded[name]
