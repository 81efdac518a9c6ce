"""Hostile files: a child with little memory runs commands one after the other and says how each ended."""

import json
import subprocess
import sys

import pytest

#: Five times what is allowed: a second of CPU time and 200 MB (the libraries themselves come on top).
SECONDS, MEGABYTES = 5, 1000
#: `getrusage` would say how large the process of the tests is: the kernel carries its figure over fork and exec. Of the
#: children of this one it says the right thing, as they start from a small process.
CHILD = """
import contextlib, io, json, os, resource, sys
from vitc.cli.main import main
resource.setrlimit(resource.RLIMIT_CPU, (600, 600))
found = []
for argv in json.loads(sys.stdin.read()):
    sys.argv = ["vitc", *argv]
    out, err, start, status = io.StringIO(), io.StringIO(), sum(os.times()[:4]), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code
    found.append({"status": status, "out": out.getvalue(), "err": err.getvalue(), "seconds": sum(os.times()[:4]) - start})
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
peak = max(int(peak), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
found.append({"torch": "torch" in sys.modules, "megabytes": peak / 1024})
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
