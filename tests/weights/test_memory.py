"""A large checkpoint passes through tensor by tensor."""

import subprocess
import sys

import numpy as np
import pytest
from vitc.runtime.weights.exported import export
from vitc.runtime.weights.files import Stored
from vitc.runtime.weights.matching import Model
from vitc.runtime.weights.writing import Form, write

#: Not `getrusage`, whose figure starts at the size of the process of the tests: the kernel carries it over fork and exec.
CHILD = """
import sys
from vitc.application.weights import bring
settings = dict(text.split("=") for text in sys.argv[4:])
bring(sys.argv[1], sys.argv[2], "vit_base_patch16_224", sys.argv[3], settings, force=True)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return int(done.stdout.splitlines()[-1]) * 1024


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["timm", "hf_vit", "google_augreg"])
def test_350_megabytes_take_at_most_a_third_more_than_themselves(layout, tmp_path):
    import vitc

    peaks = []
    for sizes in (["dim=12", "depth=1"], []):
        program = vitc.check("vit_base_patch16_224", settings=dict(size.split("=") for size in sizes))
        model = Model(program.weights(), program.root.params)
        ours, theirs = (
            tmp_path / "ours.safetensors",
            tmp_path / ("theirs.npz" if "google" in layout else "theirs.safetensors"),
        )
        write(
            ours,
            {n: Form(s.shape) for n, s in model.specs.items()},
            lambda n, m=model: np.ones(m.specs[n].shape, np.float32),
        )
        export(Stored(ours), model, layout, theirs)
        peaks.append(peak(theirs, layout, tmp_path / "out.safetensors", *sizes))
    size = theirs.stat().st_size
    assert size > 340e6
    assert peaks[1] - peaks[0] < 1.3 * size
    print(f"{layout}: {(peaks[1] - peaks[0]) / size:.2f} of the file")
