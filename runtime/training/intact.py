"""Whether a run that is to be resumed finds all in its folder as it wrote it; told before anything is read or trained."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from ...diagnostics import error
from .. import artefact
from .folder import CHECKPOINTS, STAGE, Run, in_the_way, is_file, real_folder

#: What a run may write into its folder besides its record, its checkpoints and its export.
FILES = ("model.py", "metrics.jsonl", "curves.png", "summary.json")
#: A checkpoint.
MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"
_NAME = re.compile(r"epoch-([0-9]{7})")


def called(epoch: int) -> str:
    """The name of the checkpoint after this many epochs."""
    return f"epoch-{epoch:07d}"


def epochs_of(which: str | None) -> int:
    """The epochs that are trained where a run starts from this checkpoint."""
    return 0 if which is None else int(which.removeprefix("epoch-"))


def check(run: Run) -> None:
    """Raises V0809 where something that the run would replace is not as the run wrote it, V1102 where the checkpoint that it
    starts from is damaged."""
    known: dict[str, list[str]] = run.facts["files"]
    for name in FILES:
        path = run.path / name
        if os.path.lexists(path) and not (is_file(path) and artefact.sha256(path) in known.get(name, [])):
            raise in_the_way(path, "is not as the run wrote it")
    if os.path.lexists(run.path / STAGE) and not is_file(run.path / STAGE):
        raise in_the_way(run.path / STAGE, "is not the run's")
    real_folder(run.checkpoints / STAGE)
    if run.start is not None:
        verify(run, run.start)


def ready(run: Run, epochs: int, keep: str) -> None:
    """Raises V0809 where a checkpoint to come, or the export, would find something else in its place, V1102 where the best
    checkpoint is needed and damaged."""
    present = set(os.listdir(run.checkpoints)) if run.checkpoints.exists() else set[str]()
    for name in sorted(present - set(run.facts["checkpoints"])):
        found = _NAME.fullmatch(name)
        if found and epochs_of(run.start) < int(found[1]) <= epochs:
            raise in_the_way(run.checkpoints / name, "is not the run's")
    if run.export.exists():
        artefact.refuse_foreign(run.export)
    if run.start is not None and keep == "best":
        best = json.loads((run.checkpoints / run.start / STATE).read_text(encoding="utf-8"))["best"]
        verify(run, called(best["epoch"]))


def verify(run: Run, which: str) -> Path:
    """The folder of a checkpoint; raises V1102 where a file in it is not as it was written, with the newest of the others that
    is whole, as a place to resume from."""
    problem = _problem(run, which)
    if problem is None:
        return run.checkpoints / which
    for other in sorted(set(run.facts["checkpoints"]) - {which}, reverse=True):
        if _problem(run, other) is None:
            help = f"use `--resume {run.path / CHECKPOINTS / other}` to continue from epoch {epochs_of(other)}, which is whole"
            break
    else:
        help = "no other checkpoint of this run is whole: start a new run"
    raise error("V1102", problem, help=help)


def delete(folder: Path) -> None:
    """Deletes the files of a checkpoint, and the folder where nothing else is in it. What can't be deleted stays."""
    if folder.is_symlink():
        return
    with suppress(OSError):
        for file in (MODEL, OPTIMIZER, STATE):
            (folder / file).unlink(missing_ok=True)
        folder.rmdir()


def _problem(run: Run, which: str) -> str | None:
    folder = run.checkpoints / which
    for file, digest in run.facts["checkpoints"].get(which, {STATE: ""}).items():
        path = folder / file
        try:
            if folder.is_symlink() or not is_file(path):
                return f"`{path}` is missing"
            if artefact.sha256(path) != digest:
                return f"`{path}` is damaged: its bytes are not those that were written"
        except OSError as problem:
            return f"`{path}` can't be read: {problem.strerror or problem}"
    return None
