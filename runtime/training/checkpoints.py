"""All that a run needs to go on after an epoch, as safetensors and JSON; a folder appears whole or not at all."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ...grammar.diagnostics import error


def save(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, facts: dict[str, Any]) -> None:
    """Writes beside the place and renames, so that a kill at any moment leaves the checkpoint before."""
    stage = folder.with_name(f".{folder.name}")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    save_file({name: t.contiguous() for name, t in model.state_dict().items()}, stage / "model.safetensors")
    moments, numbers = _flat(model, optimizer)
    save_file(moments, stage / "optimizer.safetensors")
    (stage / "state.json").write_text(json.dumps({**facts, "optimizer": numbers}, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(stage, folder)


def last(run: Path) -> Path | None:
    """The checkpoint of the last whole epoch."""
    found = sorted(run.glob("checkpoints/epoch-*"))
    return found[-1] if found else None


def load(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Sets the model and the optimizer to what they were and gives the facts."""
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
        facts: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        _restore(model, optimizer, load_file(folder / "optimizer.safetensors"), facts["optimizer"])
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as problem:
        raise error("V1102", f"the checkpoint `{folder}` can't be gone on from: {str(problem)[:300]}", exit_status=3,
                    help="was it made from this spec?") from None  # fmt: skip
    return facts


def _flat(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What the optimizer remembers of each weight: tensors by `weight:key`, numbers in a table of the same names."""
    moments: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for name, weight in model.named_parameters():
        for key, value in optimizer.state.get(weight, {}).items():
            if isinstance(value, Tensor):
                moments[f"{name}:{key}"] = value.contiguous()
            elif value is not None:
                numbers[f"{name}:{key}"] = value
    return moments, numbers


def _restore(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, moments: dict[str, Tensor], numbers: dict[str, Any]
) -> None:
    for name, weight in model.named_parameters():
        state: dict[str, Any] = {}
        for path, value in {**moments, **numbers}.items():
            owner, _, key = path.rpartition(":")
            if owner == name:
                state[key] = value.to(weight.device) if isinstance(value, Tensor) and value.ndim else value
        if state:
            optimizer.state[weight] = state
