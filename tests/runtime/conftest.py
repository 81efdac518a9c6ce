"""Hostile files: a child with little memory runs commands one after the other and says how each ended."""

import json
import subprocess
import sys

import pytest

#: Five times what is allowed: a second and 200 MB (the address space of the libraries themselves comes on top).
SECONDS, MEGABYTES = 5, 1000
#: `getrusage` would say how large the process of the tests is: the kernel carries its figure over fork and exec.
CHILD = """
import contextlib, io, json, resource, sys, time
from vitc.cli.main import main
resource.setrlimit(resource.RLIMIT_CPU, (600, 600))
found = []
for argv in json.loads(sys.stdin.read()):
    sys.argv = ["vitc", *argv]
    out, err, start, status = io.StringIO(), io.StringIO(), time.perf_counter(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code
    found.append({"status": status, "out": out.getvalue(), "err": err.getvalue(), "seconds": time.perf_counter() - start})
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
found.append({"torch": "torch" in sys.modules, "megabytes": int(peak) / 1024})
print(json.dumps(found))
"""


@pytest.fixture
def run_all():
    """Runs command lines in one child; gives (status, stdout, stderr) of each, within the limits and without torch."""

    def run(commands):
        text = json.dumps([[str(word) for word in command] for command in commands])
        done = subprocess.run(
            [sys.executable, "-c", CHILD], input=text, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        *found, whole = json.loads(done.stdout)
        assert not whole["torch"]
        assert whole["megabytes"] < MEGABYTES
        assert max(entry["seconds"] for entry in found) < SECONDS
        assert not any("Traceback" in entry["err"] for entry in found)
        return [(entry["status"], entry["out"], entry["err"]) for entry in found]

    return run
