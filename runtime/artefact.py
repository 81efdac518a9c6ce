"""A folder of compiled files that is either whole or refused, whatever moment a compile is cut off at.

Everything is written into a stage, a folder `.vitc-stage-…` beside the places. Then `manifest.json` becomes a list of what is
about to be moved, the files are moved one by one, and the manifest with their hashes goes last. Whoever reads a folder
checks the hashes, so that no order of writes on the disk can pass off a torn file.

Nothing is overwritten or deleted but what a manifest in the folder knows by its hash.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from ..compiler.backends import BACKENDS, ordered
from ..diagnostics import VitError, error
from .locks import locked
from .whole import refuse_link, staged_as

MANIFEST = "manifest.json"
#: All that an artefact may hold besides its manifest.
FILES = (*(file for name in ordered() for file in BACKENDS.get(name).files), "model.safetensors")
_FORMAT = 1
_STAGE = ".vitc-stage-"
#: A manifest is a few kilobytes, and a thousand class names.
_LARGEST = 2**24


@contextmanager
def staged(folder: Path) -> Generator[Path]:
    """An empty folder inside `folder` to write into, gone in the end. What killed runs left there goes too; the stage of
    one that still runs is locked and stays. Raises V0801 where nothing can be written, V0809 at a file that is not ours or
    where the folder is a link."""
    refuse_link(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            with locked(folder):
                refuse_foreign(folder)
                _clean(folder)
                stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder))
                stack.callback(shutil.rmtree, stage, ignore_errors=True)
                stack.enter_context(locked(stage))
            yield stage
    except OSError as problem:
        raise error("V0801", f"`{folder}` can't be written: {problem.strerror or problem}") from None


def publish(stage: Path, folder: Path, about: Mapping[str, Any]) -> dict[str, Any]:
    """Moves what was staged to its place and gives the manifest; from the first move to the last no reader accepts the
    folder. One at a time: a second compile into the same folder waits."""
    files = [stage / name for name in FILES if (stage / name).is_file()]
    hashes = {path.name: sha256(path) for path in files}
    listed = {path.name: {"sha256": hashes[path.name], "bytes": path.stat().st_size} for path in files}
    manifest = {"format": _FORMAT, **about, "files": listed}
    with locked(folder):
        known = refuse_foreign(folder)
        for name, digest in hashes.items():
            known.setdefault(name, set()).add(digest)
        unfinished = {name: sorted(known[name]) for name in sorted(known)}
        _replace(stage, folder, {"format": _FORMAT, "unfinished": unfinished})
        for name in set(known) - set(listed):  # of an earlier compile for other targets
            (folder / name).unlink(missing_ok=True)
        for path in files:
            os.replace(path, folder / path.name)
        _replace(stage, folder, manifest)
    return manifest


def opened(folder: Path) -> dict[str, Any]:
    """The manifest of a folder whose files are what it says; anything else is refused."""
    manifest = _manifest(folder)
    if manifest is None or "unfinished" in manifest:
        what = (
            f"holds no {MANIFEST}: it is no compiled model" if manifest is None else "was not finished: it was cut off"
        )
        raise error("V0802", f"`{folder}` {what}", help="compile it again" if manifest else "")
    for name, hashes in _hashes(folder, manifest).items():
        if not _is(folder / name, hashes):
            raise error("V0804", f"`{folder / name}` is not the file that {MANIFEST} speaks of",
                        help="compile it again")  # fmt: skip
    return manifest


def sha256(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clean(folder: Path) -> None:
    """Takes away the stages of runs that were killed: nobody holds their lock."""
    for old in folder.glob(f"{_STAGE}*"):
        with suppress(OSError), locked(old, wait=False):
            shutil.rmtree(old, ignore_errors=True)


def _replace(stage: Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    with staged_as(stage / MANIFEST, folder / MANIFEST) as file:
        file.write(f"{json.dumps(manifest, indent=2)}\n".encode())


def refuse_foreign(folder: Path) -> dict[str, set[str]]:
    """The hashes that files of vitc in a folder may have, by name; raises V0809 at a file in one of its places that has
    none of them: the user's own, or changed by hand."""
    try:
        manifest = _manifest(folder)
        known = _hashes(folder, manifest) if manifest else {}
    except VitError:
        raise _foreign(folder / MANIFEST) from None
    for name in FILES:
        path = folder / name
        if os.path.lexists(path) and not _is(path, known.get(name, set())):
            raise _foreign(path)
    return known


def _foreign(path: Path) -> VitError:
    message = f"`{path}` is in the way: it is not as vitc wrote it, so it stays"
    return error("V0809", message, help="move it elsewhere, or choose another folder with -o")


def _is(path: Path, hashes: set[str]) -> bool:
    """Whether a path is an ordinary file with one of these hashes."""
    return path.is_file() and not path.is_symlink() and sha256(path) in hashes


def _manifest(folder: Path) -> dict[str, Any] | None:
    """What `manifest.json` says, None where there is none; raises V0803."""
    path = folder / MANIFEST
    if not os.path.lexists(path):
        return None
    try:
        if not path.is_file() or path.is_symlink() or path.stat().st_size > _LARGEST:
            raise ValueError("no ordinary file")
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise error("V0803", f"`{path}` can't be read as the manifest of a compiled model") from None
    if not isinstance(manifest, dict) or cast("dict[str, Any]", manifest).get("format") != _FORMAT:
        raise error("V0803", f"`{path}` is not the manifest of a model compiled by this version")
    return cast("dict[str, Any]", manifest)


def _hashes(folder: Path, manifest: Mapping[str, Any]) -> dict[str, set[str]]:
    """The hashes that each file may have; raises V0803 where the manifest does not say, or speaks of other files."""
    try:
        if "unfinished" in manifest:
            found = {str(name): set(map(str, hashes)) for name, hashes in manifest["unfinished"].items()}
        else:
            found = {str(name): {str(entry["sha256"])} for name, entry in manifest["files"].items()}
    except (KeyError, TypeError, AttributeError):
        found = {}
    if not found or not set(found) <= set(FILES):
        raise error("V0803", f"`{folder / MANIFEST}` does not list the files of a compiled model")
    return found
