"""Training from end to end: model, data, epochs, records, and the weights that were chosen."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...compiler.backends import torch_source
from ...compiler.driver import Compiled
from ...compiler.ops.base import Array
from ...grammar.diagnostics import Diagnostic, error
from ..data.images import Parts, skipped
from ..preprocess import Preprocess
from ..sections.train import Train
from ..weights.shared import assign, stored

if TYPE_CHECKING:
    from .trainer import Trainer

#: Seconds between two drawings of the curves.
DRAWN = 20.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Hears how a run goes on."""

    started: Callable[[int, int, int], None] = lambda epochs, steps, done: None
    step: Callable[[int, float], None] = lambda index, loss: None
    epoch: Callable[[dict[str, Any]], None] = lambda row: None
    warning: Callable[[Diagnostic], None] = lambda diagnostic: None


@dataclass(frozen=True, slots=True)
class Trained:
    """The summary, as in `summary.json`, and the weights that were chosen."""

    summary: dict[str, Any]
    weights: Mapping[str, Array]


@dataclass(slots=True)
class Facts:
    """What a run has reached: whole epochs, a row of figures for each, the best on the validation part, seconds of training."""

    epoch: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    best: dict[str, Any] | None = None
    seconds: float = 0.0


def train(compiled: Compiled, weights: Mapping[str, Array], parts: Parts, preprocess: Preprocess, settings: Train,
          run: Path, device: str, listener: Listener, *, resume: bool = False) -> Trained:  # fmt: skip
    """Trains in a folder of its own, from its newest checkpoint where `resume` says so.

    Raises V1101 where a loss or a weight is not a finite number, V1102 for a checkpoint that does not fit, V1106 where the
    memory does not suffice, V0801 where the disk does not take the records.
    """
    import torch

    try:
        return _train(compiled, weights, parts, preprocess, settings, run, device, listener, resume)
    except OSError as problem:
        raise error("V0801", f"`{run}` can't be written: {problem.strerror or problem}", exit_status=3) from None
    except (MemoryError, torch.OutOfMemoryError) as problem:
        raise _too_large(settings, device) from problem
    except RuntimeError as problem:
        if "can't allocate memory" in str(problem):  # what torch says on a CPU
            raise _too_large(settings, device) from problem
        raise


def _train(compiled: Compiled, weights: Mapping[str, Array], parts: Parts, preprocess: Preprocess, settings: Train,
           run: Path, device: str, listener: Listener, resume: bool) -> Trained:  # fmt: skip
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
    facts, newest = Facts(), checkpoints.last(run) if resume else None
    if newest is not None:
        kept = checkpoints.load(newest, model, trainer.optimizer)
        facts = Facts(kept["epoch"], kept["rows"], kept["best"], kept["seconds"])
    listener.started(settings.epochs, trainer.steps, facts.epoch)
    drawn = time.perf_counter()
    for epoch in range(facts.epoch, settings.epochs):
        row = _epoch(trainer, batches, epoch, facts, listener)
        _keep(run, trainer, facts)
        if time.perf_counter() - drawn > DRAWN:
            records.curves(run / "curves.png", facts.rows, compiled.program.name)
            drawn = time.perf_counter()
        listener.epoch(row)
    return _finish(run, trainer, facts, compiled.program.name, settings, batches)


def _epoch(
    trainer: "Trainer", batches: Mapping[str, Any], epoch: int, facts: Facts, listener: Listener
) -> dict[str, Any]:
    """Trains and scores; adds the row."""
    start = time.perf_counter()
    row: dict[str, Any] = {"epoch": epoch + 1, "train": asdict(trainer.epoch(epoch, listener.step))}
    facts.seconds += time.perf_counter() - start
    row |= {name: asdict(trainer.score(part, name)) for name, part in batches.items() if name != "train"}
    row["lr"] = trainer.rate((epoch + 1) * trainer.steps - 1)
    if found := skipped({name: part.images for name, part in batches.items()}):
        row["skipped"] = {name: len(files) for name, files in found.items()}
    for part in batches.values():
        for warning in part.news():
            listener.warning(warning)
    facts.rows.append(row)
    facts.epoch, facts.best = epoch + 1, _better(facts.best, row)
    return row


def _model(compiled: Compiled, run: Path, weights: Mapping[str, Array]) -> Any:
    """The printed model, in which the run's folder keeps it, with the weights to start from."""
    import torch

    from ..verify.targets import imported

    path = run / "model.py"
    path.write_text(torch_source.emit(compiled.program), encoding="utf-8")
    model: Any = imported(path).Model()
    assign(model, {name: torch.tensor(weights[name]) for name in weights})
    return model


def _better(best: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any] | None:
    """The best epoch on the validation part so far, the first of equals; there is none without such a part."""
    if "validation" not in row:
        return None
    found = row["validation"]
    key = -found["loss"] if found["accuracy"] is None else found["accuracy"]
    return {"epoch": row["epoch"], "key": key} if best is None or key > best["key"] else best


def _keep(run: Path, trainer: "Trainer", facts: Facts) -> None:
    """The checkpoints of this epoch and of the best one; those before go when these stand."""
    from . import checkpoints, records

    checkpoints.save(run / "checkpoints" / _name(facts.epoch), trainer.model, trainer.optimizer, asdict(facts))
    checkpoints.keep(run, {_name(facts.epoch), _name(facts.best["epoch"]) if facts.best else ""})
    records.write(run / "metrics.jsonl", records.lines(facts.rows))


def _finish(
    run: Path, trainer: "Trainer", facts: Facts, name: str, settings: Train, batches: Mapping[str, Any]
) -> Trained:
    """The records of the whole run, and the weights of the chosen epoch."""
    import json

    import torch

    from . import checkpoints, records

    chosen = facts.best["epoch"] if settings.keep == "best" and facts.best else facts.epoch
    if chosen != facts.epoch:
        checkpoints.load_model(run / "checkpoints" / _name(chosen), trainer.model)
    records.write(run / "metrics.jsonl", records.lines(facts.rows))
    records.curves(run / "curves.png", facts.rows, name)
    summary = records.summary(facts.rows, chosen, facts.seconds, len(batches["train"].images))
    if found := skipped({name: part.images for name, part in batches.items()}):
        summary["skipped"] = found
    records.write(run / "summary.json", json.dumps(summary, indent=2) + "\n")
    state = {name: tensor.detach().to("cpu", copy=True) for name, tensor in stored(trainer.model).items()}
    return Trained(summary, {name: torch.Tensor.numpy(tensor) for name, tensor in state.items()})


def _name(epoch: int) -> str:
    return f"epoch-{epoch:07d}"


def _too_large(settings: Train, device: str) -> Exception:
    return error("V1106", f"the memory of the {device} does not suffice for batches of {settings.batch}", exit_status=3,
                 help="--set train.batch takes a smaller one; a run that has a checkpoint can't change it")  # fmt: skip
