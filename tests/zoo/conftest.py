"""What the tests of the zoo share: weights for both sides, and our targets run on them."""

import json
import os
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import oracles  # noqa: E402 -- found by the path above

#: What writes the residual stream: quiet in the faint draw, so that a wrong eps shows.
WRITES = ("patch_embed", "cls_token", "reg_token", "dist_token", "pos_embed", ".proj.", ".fc2.", "out_proj")
#: What writes it where each branch ends in a norm, told by the fourth one.
SANDWICH = (".norm2.", ".norm4.")


@pytest.fixture(scope="session")
def oracle_weights():
    """`oracle_weights(state_dict, faint)`: every entry drawn anew, zero-initialised ones too."""
    return _oracle_weights


def _oracle_weights(state, faint):
    drawn = {}
    writes = WRITES + SANDWICH if any(".norm4." in name for name in state) else WRITES
    for name, tensor in state.items():
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        value = oracles.drawn(rng, name, tuple(tensor.shape))
        if faint and any(part in name for part in writes):
            value = value * 3e-3
        kind = np.float32 if tensor.is_floating_point() else np.int64
        drawn[name] = np.asarray(value, kind)
    return drawn


@pytest.fixture
def targets(tmp_path):
    """`targets(program)`: what turns (weights, images) into the logits of PyTorch and of ONNX Runtime, by name."""

    return lambda program: oracles.targets(program, tmp_path)


#: The modules of timm whose models the zoo is to hold.
MODULES = ("vision_transformer", "eva", "deit", "beit", "vision_transformer_relpos", "vision_transformer_hybrid",
           "vision_transformer_sam", "naflexvit", "vitamin", "deepseek_vit", "qwen3_vit", "gemma4_vit")  # fmt: skip


@pytest.fixture
def record_error(timm):
    """`record_error(model, smaller, what, error)`: adds to the file that `make zoo` names, where one is named."""
    path = Path(os.environ["VITC_ZOO_ERRORS"]) if "VITC_ZOO_ERRORS" in os.environ else None

    def record(model, smaller, what, error):
        if path is None:
            return
        empty = {"models": [name for module in MODULES for name in timm.list_models(module=module)], "errors": {}}
        found = json.loads(path.read_text()) if path.exists() else empty
        found["errors"].setdefault(model, {"smaller": smaller})[what] = error
        path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")

    return record
