"""All that a run needs to go on after an epoch, as safetensors and JSON; a folder appears whole or not at all."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file  # type: ignore[reportUnknownVariableType] -- PathLike without its type
from torch import Tensor

from ...grammar.diagnostics import error
from ..weights.shared import assign, stored


def save(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, facts: dict[str, Any]) -> None:
    """Writes beside the place, waits for the disk and renames: whatever stops it leaves the checkpoint before."""
    stage = folder.with_name(f".{folder.name}")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    moments, numbers = _flat(model, optimizer)
    save_file({name: t.contiguous() for name, t in stored(model).items()}, stage / "model.safetensors")
    save_file(moments, stage / "optimizer.safetensors")
    (stage / "state.json").write_text(json.dumps({**facts, "optimizer": numbers}, indent=2) + "\n", encoding="utf-8")
    for path in [*stage.iterdir(), stage]:
        _synced(path)
    os.replace(stage, folder)
    _synced(folder.parent)


def last(run: Path) -> Path | None:
    """The checkpoint of the last whole epoch."""
    return max(run.glob("checkpoints/epoch-*"), default=None)


def keep(run: Path, wanted: set[str]) -> None:
    """Deletes all checkpoints but these, and what a killed run left half-written."""
    for old in (run / "checkpoints").iterdir():
        if old.name not in wanted:
            shutil.rmtree(old, ignore_errors=True)


def load(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Sets the model and the optimizer to what they were and gives the facts."""
    try:
        facts: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        assign(model, load_file(folder / "model.safetensors"))
        _restore(model, optimizer, load_file(folder / "optimizer.safetensors"), facts["optimizer"])
        if len(facts["rows"]) != facts["epoch"] or not facts.keys() >= {"best", "seconds"}:
            raise ValueError("its records are not those of its epochs")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as problem:
        raise error("V1102", f"the checkpoint `{folder}` can't be gone on from: {str(problem)[:300]}", exit_status=3,
                    help="was it made from this spec, and are its files as they were written?") from None  # fmt: skip
    return facts


def load_model(folder: Path, model: torch.nn.Module) -> None:
    """Sets the model alone."""
    try:
        assign(model, load_file(folder / "model.safetensors"))
    except (OSError, RuntimeError, SafetensorError) as problem:
        raise error("V1102", f"the checkpoint `{folder}` can't be read: {str(problem)[:300]}", exit_status=3) from None


def _synced(path: Path) -> None:
    """Waits until the disk has it, so that a power cut can't leave a name without its bytes."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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
