"""Pickles of PyTorch (`.pth`, `.pt`, `.bin`), only on request: read with `weights_only` in a process of its own, which
hands the tensors over as safetensors."""

import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...grammar.diagnostics import error
from .writing import Form, write

SUFFIXES = (".pth", ".pt", ".bin", ".ckpt")
#: Under which key the tensors may stand.
INNER = ("state_dict", "model", "module", "model_state_dict", "model_ema")


@contextmanager
def readable(path: Path, *, trust: bool) -> Generator[Path]:
    """The path itself, or for a pickle a safetensors file of its tensors that goes away in the end (V0712)."""
    if path.suffix not in SUFFIXES or not path.is_file():
        yield path
        return
    if not trust:
        raise error("V0712", f"`{path}` is a pickle, which can run code while it is read", exit_status=3,
                    help="--trust reads it in a process of its own, and nothing but tensors from it; safetensors is better")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="vitc-") as folder:
        converted = Path(folder) / "weights.safetensors"
        # -P: no module of the folder in which one happens to stand
        command = [sys.executable, "-P", "-m", __name__, str(path.resolve()), str(converted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not converted.is_file():
            last = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
            raise error("V0712", f"`{path}` can't be read as tensors alone: {last[:200]}", exit_status=3)
        yield converted


def convert(source: str, target: str) -> None:
    """What the other process does."""
    import torch

    found: Any = torch.load(source, map_location="cpu", weights_only=True, mmap=True)
    tensors = _tensors(found)
    if not tensors:
        raise ValueError("there are no tensors by name in it")
    kinds = {torch.int64: "I64", torch.bool: "BOOL"}
    floats = {name for name, tensor in tensors.items() if tensor.is_floating_point()}
    odd = [name for name, tensor in tensors.items() if name not in floats and tensor.dtype not in kinds]
    if odd:
        raise ValueError(f"`{odd[0]}` is {tensors[odd[0]].dtype}")
    forms = {name: Form(tuple(t.shape), "F32" if name in floats else kinds[t.dtype]) for name, t in tensors.items()}
    write(
        Path(target), forms, lambda name: tensors[name].detach().to(torch.float32 if name in floats else None).numpy()
    )


def _tensors(found: Any) -> dict[str, Any]:
    """Tensors by name, where the file holds a dictionary of them, or one under a usual key."""
    import torch

    items: dict[Any, Any] = found if isinstance(found, dict) else {}  # type: ignore[reportUnknownVariableType] -- of any kind
    tensors = {k: v for k, v in items.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
    inner = [key for key in INNER if isinstance(items.get(key), dict)]
    return tensors if tensors or not inner else _tensors(items[inner[0]])


if __name__ == "__main__":
    convert(*sys.argv[1:])
