"""Pickles of PyTorch, only on request: read with `weights_only` in a limited process of its own (`pickled_child`), which
hands the tensors over as safetensors."""

import json
import shutil
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

from ...grammar.diagnostics import VitError, error
from ...grammar.source import Span
from .files import Stored

#: Seconds to read a small pickle, and bytes that are converted in a second on a slow disk.
_SECONDS, _RATE = 120, 2**23


class Unpickled(Stored):
    """The tensors of a pickle, out of a safetensors file that goes away with this object."""

    def __init__(self, path: Path, folder: str) -> None:
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        super().__init__(Path(folder) / "weights.safetensors")
        self.label, self.files = f"`{path}`", (path,)


def unpickled(path: Path, *, trust: bool, span: Span | None = None) -> Unpickled:
    """The tensors of a pickle by name, those of dictionaries in it under `key.name`; raises V0712."""
    if not trust:
        if path.suffix in (".safetensors", ".npz"):
            raise error("V0702", f"`{path}` can't be read as {path.suffix[1:]}: it is a pickle", span, exit_status=3,
                        help="it looks like a pickle, which could run code: --trust reads it in a process of its own")  # fmt: skip
        raise error("V0712", f"`{path}` is a pickle, which can run code while it is read", span, exit_status=3,
                    help="--trust reads it in a process of its own, and nothing but tensors from it; safetensors is better")  # fmt: skip
    folder = tempfile.mkdtemp(prefix="vitc-")
    try:
        _convert(path, Path(folder) / "weights.safetensors", span)
        return Unpickled(path, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _convert(path: Path, target: Path, span: Span | None) -> None:
    def refuse(why: str, help: str = "") -> VitError:
        return error("V0712", f"`{path}` can't be read as tensors alone: {why}", span, exit_status=3, help=help)

    seconds = _SECONDS + path.stat().st_size // _RATE
    # -P: no module of the folder in which one happens to stand
    command = [
        sys.executable,
        "-P",
        "-m",
        f"{__package__}.pickled_child",
        str(path.resolve()),
        str(target),
        str(seconds),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * seconds,
                              errors="replace")  # fmt: skip
    except subprocess.TimeoutExpired:
        raise refuse(f"it takes longer than {2 * seconds} seconds") from None
    if done.returncode == 0 and target.is_file():
        return
    try:
        said = json.loads(done.stdout)
        raise refuse(str(said["why"])[:500], str(said["help"]))
    except (ValueError, KeyError, TypeError):
        last = (done.stderr.strip().splitlines() or ["it needs more memory or time than is allowed"])[-1]
        raise refuse(last[:200]) from None
