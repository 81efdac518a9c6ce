"""Training from end to end: model, data, epochs, records, and the weights that were chosen."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...compiler.backends import torch_source
from ...compiler.driver import Compiled
from ...compiler.ops.base import Array
from ...grammar.diagnostics import error
from ..data.images import Parts
from ..preprocess import Preprocess
from ..sections.train import Train


@dataclass(frozen=True, slots=True)
class Listener:
    """Hears how a run goes on."""

    started: Callable[[int, int, int], None] = lambda epochs, steps, done: None
    step: Callable[[int, float], None] = lambda index, loss: None
    epoch: Callable[[dict[str, Any]], None] = lambda row: None


@dataclass(frozen=True, slots=True)
class Trained:
    """The summary, as in `summary.json`, and the weights that were chosen."""

    summary: dict[str, Any]
    weights: Mapping[str, Array]


def train(compiled: Compiled, weights: Mapping[str, Array], parts: Parts, preprocess: Preprocess, settings: Train,
          run: Path, device: str, listener: Listener, *, resume: bool = False) -> Trained:  # fmt: skip
    """Trains in a folder of its own; raises V1101 where the loss is not a number, V1102 for a checkpoint of another model."""
    import torch

    from . import checkpoints, records
    from .batches import Batches
    from .trainer import Trainer

    model = _model(compiled, run, weights).to(device)
    batches = {
        name: Batches(images, preprocess, settings.batch, device)
        for name, images in (("train", parts.train), ("validation", parts.validation), ("test", parts.test))
        if images is not None
    }
    trainer = Trainer(model, settings, batches["train"], device)
    facts: dict[str, Any] = {"epoch": 0, "spec": compiled.spec_hash, "seconds": 0.0, "best": None}
    newest = checkpoints.last(run) if resume else None
    if newest is not None:
        facts = _same_spec(checkpoints.load(newest, model, trainer.optimizer), compiled, newest)
    rows = records.truncate(run / "metrics.jsonl", facts["epoch"])
    listener.started(settings.epochs, trainer.batches.steps(), facts["epoch"])
    for epoch in range(facts["epoch"], settings.epochs):
        start = time.perf_counter()
        row: dict[str, Any] = {"epoch": epoch + 1, "train": asdict(trainer.epoch(epoch, listener.step))}
        facts["seconds"] += time.perf_counter() - start
        row |= {name: asdict(trainer.score(part)) for name, part in batches.items() if name != "train"}
        row["lr"] = trainer.rate((epoch + 1) * trainer.batches.steps() - 1)
        rows.append(row)
        facts |= {"epoch": epoch + 1, "best": _better(facts["best"], row)}
        records.append(run / "metrics.jsonl", row)  # before the checkpoint: a row too many is cut off, one too few is lost
        _keep(run, model, trainer.optimizer, facts)
        records.curves(run / "curves.png", rows, compiled.program.name)
        listener.epoch(row)
    chosen = facts["best"]["epoch"] if settings.keep == "best" and facts["best"] else facts["epoch"]
    _load_chosen(model, run, chosen, facts)
    summary = _summary(rows, chosen, facts, len(parts.train))
    records.write(run / "summary.json", json.dumps(summary, indent=2) + "\n")
    state = {name: tensor.detach().to("cpu", copy=True) for name, tensor in model.state_dict().items()}
    return Trained(summary, {name: torch.Tensor.numpy(tensor) for name, tensor in state.items()})


def _model(compiled: Compiled, run: Path, weights: Mapping[str, Array]) -> Any:
    """The printed model, in which the run's folder keeps it, with the weights to start from."""
    import torch

    from ..verify.targets import imported

    path = run / "model.py"
    path.write_text(torch_source.emit(compiled.program), encoding="utf-8")
    model: Any = imported(path).Model()
    model.load_state_dict({name: torch.from_numpy(weights[name].copy()) for name in weights})
    return model


def _same_spec(facts: dict[str, Any], compiled: Compiled, folder: Path) -> dict[str, Any]:
    if facts["spec"] != compiled.spec_hash:
        raise error(
            "V1102", f"the checkpoint `{folder}` was made from another text or other --set values", exit_status=3
        )
    return facts


def _better(best: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any] | None:
    """The best epoch on the validation part so far; there is none without such a part."""
    if "validation" not in row:
        return None
    found = row["validation"]
    key = -found["loss"] if found["accuracy"] is None else found["accuracy"]
    return {"epoch": row["epoch"], "key": key} if best is None or key > best["key"] else best


def _keep(run: Path, model: Any, optimizer: Any, facts: dict[str, Any]) -> None:
    """The checkpoints of this epoch and of the best one; those before go when these stand."""
    import shutil

    from . import checkpoints

    checkpoints.save(run / "checkpoints" / _name(facts["epoch"]), model, optimizer, facts)
    wanted = {_name(facts["epoch"]), _name(facts["best"]["epoch"]) if facts["best"] else ""}
    for old in (run / "checkpoints").iterdir():
        if old.name not in wanted:
            shutil.rmtree(old, ignore_errors=True)


def _load_chosen(model: Any, run: Path, chosen: int, facts: dict[str, Any]) -> None:
    if chosen == facts["epoch"]:
        return
    from safetensors.torch import load_file

    model.load_state_dict(load_file(run / "checkpoints" / _name(chosen) / "model.safetensors"))


def _name(epoch: int) -> str:
    return f"epoch-{epoch:06d}"


def _summary(rows: list[dict[str, Any]], chosen: int, facts: dict[str, Any], images: int) -> dict[str, Any]:
    """Of the weights that were chosen: on the test part, else the validation part, else the training part."""
    row = rows[chosen - 1]
    part = next(name for name in ("test", "validation", "train") if name in row)
    return {
        "accuracy": row[part]["accuracy"],
        "loss": row[part]["loss"],
        "part": part,
        "epoch": chosen,
        "epochs": facts["epoch"],
        "seconds": round(facts["seconds"], 3),
        "images_per_second": round(images * facts["epoch"] / max(facts["seconds"], 1e-9), 1),
    }
