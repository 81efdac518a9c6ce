"""A folder of compiled files: each written beside its place and renamed, `manifest.json` with their hashes last."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..grammar.diagnostics import error

MANIFEST = "manifest.json"
_STAGE = ".vitc-"
_FILES = {"model.py", "model.ts", "model.onnx", "model.onnx.data", "model.safetensors"}


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """An empty folder inside `folder` to write into; goes away in the end. What a killed run left there goes too."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise error("V0801", f"`{folder}` can't be made: {problem.strerror}", exit_status=3) from None
    for old in folder.glob(f"{_STAGE}*"):
        shutil.rmtree(old, ignore_errors=True)
    stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def publish(stage: Path, folder: Path, about: Mapping[str, Any]) -> None:
    """Moves what was staged to its place; from the first move to the last no reader accepts the folder."""
    files = sorted(path for path in stage.iterdir() if path.is_file())
    listed = {path.name: {"sha256": sha256(path), "bytes": path.stat().st_size} for path in files}
    manifest = stage / MANIFEST
    manifest.write_text(json.dumps({**about, "files": listed}, indent=2) + "\n", encoding="utf-8")
    for name in _FILES - set(listed):  # of an earlier compile for other targets
        (folder / name).unlink(missing_ok=True)
    for path in [*files, manifest]:
        os.replace(path, folder / path.name)


def opened(folder: Path) -> dict[str, Any]:
    """The manifest of a folder whose files are what it says; anything else is refused."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files = dict(manifest["files"])
    except FileNotFoundError:
        raise error("V0802", f"`{folder}` holds no {MANIFEST}: it is no compiled model, or the compile was cut off",
                    exit_status=3) from None  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        raise error("V0803", f"`{path}` can't be read", exit_status=3) from None
    for name, expected in files.items():
        file = folder / Path(name).name
        if not file.is_file() or sha256(file) != expected.get("sha256"):
            raise error("V0804", f"`{file}` is not the file that {MANIFEST} speaks of", exit_status=3,
                        help="compile it again")  # fmt: skip
    return manifest


def sha256(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
