"""TorchScript: `model.ts`, scripted from `model.py` in a process of its own so that equal sources give equal bytes.

torch marks `torch.jit.script` as deprecated; its warning stays in the child. The archive is written anew without the
debug records (they hold paths of this machine) and without the serialization id.

Nothing here depends on the release of torch: 2.11, 2.13 and 2.14.1 gave the same bytes, which `tests/backends/files.json` records.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from . import Backend, Job

#: Runs in the child: `python -c CHILD model.py weights.safetensors out.ts`.
CHILD = """
import sys, warnings
warnings.simplefilter("ignore")
import importlib.util, torch
spec = importlib.util.spec_from_file_location("model", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
torch.manual_seed(0)
model = module.Model.load(sys.argv[2]) if sys.argv[2] else module.Model().eval()
torch.jit.script(model).save(sys.argv[3])
"""
#: A fixed moment for every entry: the first that a zip file can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)


class ScriptError(Exception):
    """torch could not script the source: a defect of the compiler. The message is torch's."""


class TorchScript(Backend):
    """Scripted from the printed source."""

    files = ("model.ts",)
    order = 2
    needs = ("torch",)
    made_with = "torch"

    def write(self, job: Job) -> None:
        several = len(job.graph.outputs) > 1
        weights, out = job.folder / "model.safetensors", job.folder / "model.ts"
        if not several and not job.plain:
            write(job.folder / "model.py", weights, out)
            return
        from .torch.source import emit

        # `model.py` scripts to the first result alone, and written out it is slower
        source = job.folder / "scripted.py"
        source.write_text(emit(job.program, job.graph.output_names if several else ()), encoding="utf-8")
        try:
            write(source, weights, out)
        finally:
            source.unlink()


def write(source: Path, weights: Path | None, out: Path) -> None:
    """Scripts `source` with the weights of a safetensors file (drawn with seed 0 without one) and writes `out`.

    Raises `OSError` where the disk does not take it, `ScriptError` where torch can't script the source.
    """
    raw = out.with_suffix(".raw")
    # -P: no module of the current folder, where a user may have a `torch.py`
    command = [sys.executable, "-P", "-c", CHILD, str(source), str(weights or ""), str(raw)]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    try:
        if done.returncode:
            problem = done.stderr.strip()[-4000:]
            # torch's writer has no kind of error of its own for the disk
            if any(text in problem for text in ("No space left", "File too large", "failed writing")):
                raise OSError(problem.rpartition("\n")[2])
            raise ScriptError(problem)
        _repack(raw, out)
    finally:
        raw.unlink(missing_ok=True)


def _repack(raw: Path, out: Path) -> None:
    """The archive without what differs from run to run; tensors stay aligned to 64 bytes, as torch maps them."""
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in sorted(old.namelist()):
            if name.endswith((".debug_pkl", "/.data/serialization_id")):
                continue
            inside = "model/" + name.partition("/")[2]
            info = zipfile.ZipInfo(inside, EPOCH)
            info.extra = _padding(new, inside)
            new.writestr(info, old.read(name))


def _padding(archive: zipfile.ZipFile, name: str) -> bytes:
    """An extra field that brings the entry's data to a multiple of 64 bytes: id `FB`, as torch writes it."""
    assert archive.fp is not None
    start = archive.fp.tell() + 30 + len(name.encode()) + 4
    return b"FB" + (-start % 64).to_bytes(2, "little") + b"Z" * (-start % 64)
