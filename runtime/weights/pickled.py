"""Pickles of PyTorch, only on request: read with `weights_only` in a limited process of its own (`pickled_child`), which
hands the tensors over as safetensors."""

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import EllipsisType

from ...compiler.ops.base import Array
from ...diagnostics import VitError, error
from ...diagnostics.source import Span
from ..guard import Child, Ended
from ..limits import GIB, Limits
from .files import Header, Stored

#: Seconds to read a small pickle, and bytes that are converted in a second on a slow disk.
_SECONDS, _RATE = 120, 2**23
#: Bytes of address space for torch itself (2.14 with CUDA's libraries takes 3.3 GB), and how many times the file may be
#: in memory besides.
_BYTES, _COPIES = 12 * GIB, 4


class Unpickled(Stored):
    """The tensors of a pickle, out of a safetensors file that goes away with this object.

    `odd`: tensors that are no plain numbers (sparse, quantised, complex), by name; only their headers are known.
    """

    def __init__(self, path: Path, folder: str, odd: Mapping[str, Header]) -> None:
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        super().__init__(Path(folder) / "weights.safetensors")
        self.label, self.files, self.odd = f"`{path}`", (path,), odd
        self.headers = {**self.headers, **odd}

    def read(self, name: str, index: int | EllipsisType) -> Array:
        """Reads from the file; raises V0706 for a tensor of another kind."""
        if name in self.odd:
            raise error("V0706", f"{self.label} holds a tensor of another type: {name} is {self.odd[name].dtype}")
        return super().read(name, index)


def unpickled(path: Path, *, trust: bool, span: Span | None = None) -> Unpickled:
    """The tensors of a pickle by name, those of dictionaries in it under `key.name`; raises V0712."""
    if not trust:
        if path.suffix in (".safetensors", ".npz"):
            raise error("V0702", f"`{path}` can't be read as {path.suffix[1:]}: it is a pickle", span,
                        help="it looks like a pickle, which could run code: --trust reads it in a process of its own")  # fmt: skip
        raise error("V0712", f"`{path}` is a pickle, which can run code while it is read", span,
                    help="--trust reads it in a process of its own, and nothing but tensors from it; safetensors is better")  # fmt: skip
    folder = tempfile.mkdtemp(prefix="vitc-")
    try:
        return Unpickled(path, folder, _converted(path, Path(folder) / "weights.safetensors", span))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _converted(path: Path, target: Path, span: Span | None) -> dict[str, Header]:
    """Has the tensors of a pickle written to `target`; gives the headers of those that can't be."""

    def refuse(why: str, help: str = "") -> VitError:
        return error("V0712", f"`{path}` can't be read as tensors alone: {why}", span, help=help)

    size = path.stat().st_size
    seconds = _SECONDS + size // _RATE
    wanted = Limits(_BYTES + _COPIES * size, seconds, 2 * seconds)
    request = {"source": str(path.resolve()), "target": str(target), "limits": wanted.as_data()}
    with Child(f"{__package__}.pickled_child", request) as child:
        try:
            said = child.read(wanted.step)
        except Ended as end:
            raise refuse(*_ended(end, wanted)) from None
    if "why" in said:
        raise refuse(said["why"][:500], said["help"])
    return {name: Header(tuple(shape), kind) for name, (shape, kind) in said["odd"].items()}


def _ended(end: Ended, wanted: Limits) -> tuple[str, str]:
    """Why there is no answer, and what to do."""
    if end.cause == "memory":
        allowed = f"{wanted.memory / GIB:.3g} GiB of address space"
        return f"it needs more memory than its process may use, {allowed} at most", "`ulimit -v` may leave it less"
    if end.cause == "cpu":
        return f"it uses up {wanted.cpu} seconds of CPU time, or what `ulimit -t` leaves it", ""
    return end.how, ""
