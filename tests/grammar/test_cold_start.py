"""`vitc check` answers at once: what it imports, how long it takes, how much memory it holds.

The limits are half a second and 80 MB; machines that run tests are slow and busy, so five times as much is enforced,
by the operating system.
"""

import subprocess
import sys

import pytest

SECONDS, MEGABYTES = 0.5, 80
HEAVY = ("torch", "torchvision", "onnx", "onnxruntime", "numpy", "rich", "matplotlib", "PIL", "safetensors")

CHILD = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({round(5 * SECONDS + 0.5)}, {round(5 * SECONDS + 0.5)}))
resource.setrlimit(resource.RLIMIT_AS, ({5 * MEGABYTES} << 20, {5 * MEGABYTES} << 20))
from vitc.cli.main import main
status = 0
try:
    main()
except SystemExit as leaving:
    status = leaving.code or 0
print("imported:", *[name for name in {HEAVY!r} if name in sys.modules])
raise SystemExit(status)
"""


def check(spec, folder):
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "check", spec], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("spec", ["digits", "vit_base_patch16_224", "eva02_base_patch14_224", "test_vit"])
def test_a_bundled_spec_is_checked_within_five_times_the_limits(spec, tmp_path):
    done = check(spec, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"


#: Texts and the code that each must give, within the same limits.
HOSTILE = {
    "brackets": (b"vit 1\nmodel m = vit { dim = " + b"(" * 200_000, "V0107"),
    "minuses": (b"vit 1\nmodel m = vit { dim = " + b"-" * 40_000 + b"1 }\n", "V0107"),
    "else if": (b"vit 1\nfn f(x) {\n if x { x = 1 }" + b" else if x { x = 1 }" * 2_000 + b"\n return x\n}\n", "V0107"),
    "digits": (b"vit 1\nmodel m = vit { dim = " + b"9" * 5_000 + b" }\n", "V0108"),
    "NUL": (b"vit 1\n" + b"\0" * 200_000, "V0103"),
    "binary": (bytes(range(256)) * 500, "V0106"),
    "UTF-16": ("vit 1\nmodel m = vit\n".encode("utf-16"), "V0106"),
    "empty": (b"", "V0101"),
    "large": (b"# " + b"x" * 10_000_000, "V0105"),
    "mistakes": (b"vit 1\n" + b"model m = vit { a = }\n" * 5_000, "V0102"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_within_five_times_the_limits(kind, tmp_path):
    content, code = HOSTILE[kind]
    (tmp_path / "a.vit").write_bytes(content)
    done = check("a.vit", tmp_path)
    assert done.returncode == 1, done.stderr[-500:]
    assert f"[{code}]" in done.stderr
