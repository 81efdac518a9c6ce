"""The folder of a run: who owns it, what in it belongs to the run, and how files come into it.

A run owns a folder that it made or found empty. Its record `run.json` says what it was started with, and names every file
and checkpoint with its hash, before they come into being and until they are gone: at whatever moment a run is killed, all
that it made is named there. Nothing else in the folder is read, replaced or deleted, and no symbolic link is followed.
"""

import hashlib
import json
import os
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, cast

from ...diagnostics import VitError, error
from ..locks import locked
from ..whole import refuse_link, staged_as

RECORD, CHECKPOINTS, EXPORT = "run.json", "checkpoints", "export"
#: What is written before it gets its name: a file in the run's folder, a folder in `checkpoints`.
STAGE = ".vitc-stage"
FORMAT = 1
#: Bytes of a record: the texts of a spec are at most 200 files of 250,000.
_LARGEST = 2**26


class Run:
    """A folder whose lock this process holds. `facts` is its record, empty until `begin`."""

    def __init__(self, path: Path, facts: dict[str, Any], start: str | None = None) -> None:
        self.path, self.facts, self.start = path, facts, start

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints; raises V0809 where something else has its place."""
        return real_folder(self.path / CHECKPOINTS)

    @property
    def export(self) -> Path:
        """The folder of the compiled model, likewise."""
        return real_folder(self.path / EXPORT)

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Writes the record: from now on the folder is a run. Raises V0801."""
        own: dict[str, Any] = {"files": {}, "checkpoints": {}, "newest": None, "summary": None}
        self.change(format=FORMAT, **facts, **own)

    def change(self, **facts: Any) -> None:
        """Changes the record; raises V0801."""
        try:
            self.record(**facts)
        except OSError as problem:
            raise unwritable(self.path, problem) from None

    def record(self, **facts: Any) -> None:
        """Changes the record; raises `OSError`."""
        changed = {**self.facts, **facts}
        self._replace(RECORD, _rendered(changed))
        self.facts = changed

    def put(self, files: Mapping[str, bytes], **facts: Any) -> None:
        """Replaces files of the run; `facts` are recorded with them."""
        self.announce(files)
        self.place(files, **facts)

    def announce(self, files: Mapping[str, bytes], **facts: Any) -> None:
        """Records the hashes of files that are about to be replaced, beside those that they have."""
        known: dict[str, list[str]] = self.facts["files"]
        coming = {name: sorted({*known.get(name, []), _sha256(content)}) for name, content in files.items()}
        self.record(files={**known, **coming}, **facts)

    def place(self, files: Mapping[str, bytes], **facts: Any) -> None:
        """Replaces announced files, and records that they are there."""
        for name, content in files.items():
            self._replace(name, content)
        placed = {name: [_sha256(content)] for name, content in files.items()}
        self.record(files={**self.facts["files"], **placed}, **facts)

    def _replace(self, name: str, content: bytes) -> None:
        """Writes beside the place, waits for the disk and renames; a link in the place is replaced, not followed."""
        stage = self.path / STAGE
        if os.path.lexists(stage):
            if not is_file(stage):
                raise in_the_way(stage, "is not the run's")
            stage.unlink()
        with staged_as(stage, self.path / name) as file:
            file.write(content)
        synced(self.path)


@contextmanager
def claimed(out: Path | None, name: str) -> Generator[Run]:
    """A new run in `out`, else in the first free of `runs/NAME`, `runs/NAME-2` and so on.

    Raises V0809 where `out` is anything but a folder without content, V1103 where it holds a run, V1107 where another
    process has it, V0801 where it can't be made. What was made for a run that does not begin is taken away again.
    """
    made: list[Path] = []
    with ExitStack() as held:
        try:
            path = _first_free(name, made) if out is None else _made(out, made)
            _hold(held, path)
            _refuse_occupied(path)
        except OSError as problem:
            raise unwritable(out or Path("runs") / name, problem) from None
        run = Run(path, {})
        try:
            yield run
        finally:
            if not run.facts:
                with suppress(OSError):
                    for folder in made:
                        folder.rmdir()


@contextmanager
def reopened(path: Path) -> Generator[Run]:
    """The run in a folder, to resume from its newest checkpoint; or from another one, `path` being that one's folder.

    Raises V1103 where there is no run, V1107 where another process has it, V1102 where its record is damaged.
    """
    start = None
    if path.parent.name == CHECKPOINTS and holds(path.parent.parent):
        path, start = path.parent.parent, path.name
    refuse_link(path)
    if not holds(path):
        raise error("V1103", f"`{path}` holds no run", help="start one with `vitc train SPEC -o FOLDER`")
    with ExitStack() as held:
        try:
            _hold(held, path)
        except OSError as problem:
            raise unwritable(path, problem) from None
        facts = _read(path / RECORD)
        if start is not None and start not in facts["checkpoints"]:
            raise error("V1102", f"`{start}` is no checkpoint of the run `{path}`",
                        help=f"it has {', '.join(sorted(facts['checkpoints'])) or 'none'}")  # fmt: skip
        if start is not None:
            facts["summary"] = None  # of epochs that are trained again
        yield Run(path, facts, start or facts["newest"])


def holds(path: Path) -> bool:
    """Whether a run was started there."""
    return os.path.lexists(path / RECORD)


def real_folder(path: Path) -> Path:
    """The path, where a folder or nothing is; raises V0809 at a link or a file."""
    if os.path.lexists(path) and not S_ISDIR(path.lstat().st_mode):
        raise in_the_way(path, "is a symbolic link" if path.is_symlink() else "is not a folder")
    return path


def is_file(path: Path) -> bool:
    """Whether there is an ordinary file, no link."""
    return os.path.lexists(path) and S_ISREG(path.lstat().st_mode)


def unwritable(path: Path, problem: OSError) -> VitError:
    """V0801 for what the system says."""
    return error("V0801", f"`{path}` can't be written: {problem.strerror or problem}")


def in_the_way(path: Path, what: str) -> VitError:
    """V0809 for something that is not the run's, in a place that is."""
    return error("V0809", f"`{path}` {what}, so it is left alone", help="move it elsewhere, then resume")


def synced(path: Path) -> None:
    """Waits until the disk has a file or folder, so that a power cut can't leave a name without its bytes."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _made(path: Path, made: list[Path]) -> Path:
    _refuse_occupied(path)
    made += [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
    path.mkdir(parents=True, exist_ok=True)
    return path


def _first_free(name: str, made: list[Path]) -> Path:
    runs = Path("runs")
    if not os.path.lexists(runs):
        made.append(runs)
    runs.mkdir(exist_ok=True)
    for number in count(1):
        path = runs / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            path.mkdir()  # of two processes one makes it
            made.insert(0, path)
            return path
    raise AssertionError("numbers do not end")


def _hold(held: ExitStack, path: Path) -> None:
    try:
        held.enter_context(locked(path, wait=False))
    except BlockingIOError:
        raise error("V1107", f"another process is using `{path}`",
                    help="wait for it to end, or choose another folder with -o") from None  # fmt: skip


def _refuse_occupied(path: Path) -> None:
    """Raises V0809 at anything but an empty folder or nothing, V1103 at a run."""
    refuse_link(path)
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        raise error("V0809", f"`{path}` is not a folder", help="choose another folder with -o")
    if holds(path) and _is_record(path / RECORD):
        raise error("V1103", f"`{path}` holds a run already",
                    help=f"use `--resume {path}` to continue it, or choose another folder with -o")  # fmt: skip
    # A run that was killed before its record had a name leaves the stage alone.
    others = sorted(name for name in os.listdir(path) if name != STAGE or not is_file(path / STAGE))
    if others:
        named = ", ".join(f"`{name}`" for name in others[:3]) + (", …" if len(others) > 3 else "")
        raise error("V0809", f"`{path}` is not empty: it holds {named}",
                    help="a run needs a folder of its own: choose another with -o")  # fmt: skip


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _rendered(facts: Mapping[str, Any]) -> bytes:
    """The record as text, with the hash of all else in it at its end."""
    body = json.dumps({name: value for name, value in facts.items() if name != "sha256"}, indent=2)
    return (json.dumps({**json.loads(body), "sha256": _sha256(body.encode())}, indent=2) + "\n").encode()


def _is_record(path: Path) -> bool:
    try:
        _read(path)
    except VitError as problem:
        return problem.diagnostics[0].code == "V1102"
    return True


def _read(path: Path) -> dict[str, Any]:
    """The record, byte for byte as it was written; V1103 where it is none, V1102 where it was one."""
    try:
        if not is_file(path) or path.stat().st_size > _LARGEST:
            raise ValueError("no ordinary file")
        text = path.read_bytes()
        facts: Any = json.loads(text)
        if facts["format"] != FORMAT:
            raise ValueError("another version's")
        written = _rendered(facts)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise error("V1103", f"`{path}` can't be read as the record of a run") from None
    if text != written:
        raise error("V1102", f"`{path}` is damaged, or was changed by hand",
                    help=f"the weights are still in {path.parent / CHECKPOINTS}")  # fmt: skip
    return cast("dict[str, Any]", facts)
