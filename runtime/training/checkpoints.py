"""All that a run needs to go on after an epoch, as safetensors and JSON; a folder appears whole or not at all.

The record of the run has the hash of each file; what differs from it is refused.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file  # type: ignore[reportUnknownVariableType] -- PathLike without its type
from torch import Tensor

from ...diagnostics import error
from ..artefact import sha256
from ..weights.shared import assign, stored
from .folder import STAGE, Run, in_the_way, synced
from .intact import MODEL, OPTIMIZER, STATE, called, delete, verify

FILES = (MODEL, OPTIMIZER, STATE)


def save(run: Run, model: torch.nn.Module, optimizer: torch.optim.Optimizer, facts: dict[str, Any],
         wanted: set[str], files: Mapping[str, bytes]) -> None:  # fmt: skip
    """Adds the checkpoint after `facts["epoch"]` epochs and replaces `files` of the run; then all checkpoints that are
    not `wanted` go. Whatever stops it leaves the checkpoint before. Raises V0809 and `OSError`."""
    new, folder = called(facts["epoch"]), run.checkpoints / called(facts["epoch"])
    known: dict[str, Any] = run.facts["checkpoints"]
    hashes = _staged(run.checkpoints / STAGE, model, optimizer, facts)
    run.announce(files, checkpoints={**known, new: hashes})
    if new in known:  # this run was cut off here, or resumed from before it
        delete(folder)
    if os.path.lexists(folder):
        raise in_the_way(folder, "is not this run's")
    os.rename(run.checkpoints / STAGE, folder)
    synced(run.checkpoints)
    run.place(files, newest=new, summary=None)
    for old in set(run.facts["checkpoints"]) - wanted:
        delete(run.checkpoints / old)
    there = {one for one in run.facts["checkpoints"] if any((run.checkpoints / one / file).exists() for file in FILES)}
    left = {one: hashes for one, hashes in run.facts["checkpoints"].items() if one in there}
    run.facts = {**run.facts, "checkpoints": left}  # the record follows with the next change


def load(run: Run, which: str, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Sets the model and the optimizer to what they were and gives the facts; raises V1102."""
    folder = verify(run, which)
    try:
        facts: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
        assign(model, load_file(folder / MODEL))
        _restore(model, optimizer, load_file(folder / OPTIMIZER), facts["optimizer"])
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as problem:
        raise error("V1102", f"`{folder}` can't be read: {str(problem)[:300]}") from None
    return facts


def load_model(run: Run, which: str, model: torch.nn.Module) -> None:
    """Sets the model alone; raises V1102."""
    folder = verify(run, which)
    try:
        assign(model, load_file(folder / MODEL))
    except (OSError, RuntimeError, SafetensorError) as problem:
        raise error("V1102", f"`{folder}` can't be read: {str(problem)[:300]}") from None


def _staged(
    stage: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, facts: dict[str, Any]
) -> dict[str, str]:
    """Writes the files, waits for the disk and gives their hashes."""
    delete(stage)
    stage.mkdir(parents=True)
    moments, numbers = _flat(model, optimizer)
    try:
        save_file({key: t.contiguous() for key, t in stored(model).items()}, stage / MODEL)
        save_file(moments, stage / OPTIMIZER)
        (stage / STATE).write_text(json.dumps({**facts, "optimizer": numbers}, indent=2) + "\n", encoding="utf-8")
        for path in [*stage.iterdir(), stage]:
            synced(path)
        return {file: sha256(stage / file) for file in FILES}
    except SafetensorError as problem:  # what safetensors makes of an error of the system
        delete(stage)
        raise OSError(str(problem)) from None
    except OSError:
        delete(stage)
        raise


def _flat(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What the optimizer remembers of each weight: tensors by `weight:key`, numbers in a table of the same names."""
    moments: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for name, weight in model.named_parameters():
        state: dict[str, Any] = optimizer.state.get(weight, {})
        for key, value in state.items():
            if isinstance(value, Tensor):
                moments[f"{name}:{key}"] = value.contiguous()
            elif value is not None:
                numbers[f"{name}:{key}"] = value
    return moments, numbers


def _restore(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, moments: dict[str, Tensor], numbers: dict[str, Any]
) -> None:
    weights = dict(model.named_parameters())
    for path, value in {**moments, **numbers}.items():
        name, _, key = path.rpartition(":")
        weight = weights[name]
        at_home = value.to(weight.device) if isinstance(value, Tensor) and value.ndim else value
        optimizer.state[weight][key] = at_home
