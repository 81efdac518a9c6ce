"""Training from end to end: model, data, epochs, records, and the weights that were chosen."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ...compiler.backends.torch.source import emit
from ...compiler.driver import Compiled
from ...compiler.ops.base import Array
from ...diagnostics import Diagnostic, error
from ..data.images import Parts, skipped
from ..preprocess import Preprocess
from ..sections.train import Train
from ..weights.shared import assign, stored
from .folder import Run, unwritable
from .intact import called

if TYPE_CHECKING:
    from .batches import Batches
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
    """The summary, as in `summary.json`, the weights that were chosen, and the names of the classes."""

    summary: dict[str, Any]
    weights: Mapping[str, Array]
    classes: tuple[str, ...]


@dataclass(slots=True)
class Facts:
    """What a run has reached: whole epochs, a row of figures for each, the best on the validation part, seconds of training,
    the files of each part that could not be read."""

    epoch: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    best: dict[str, Any] | None = None
    seconds: float = 0.0
    skipped: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def note_skipped(self, batches: Mapping[str, "Batches"]) -> None:
        """Adds what this process skipped to what those before it did."""
        found = skipped({name: part.images for name, part in batches.items()})
        self.skipped |= {part: sorted({*self.skipped.get(part, []), *files}) for part, files in found.items()}


def train(compiled: Compiled, weights: Mapping[str, Array] | None, parts: Parts, classes: tuple[str, ...],
          preprocess: Preprocess, settings: Train, run: Run, device: str, listener: Listener) -> Trained:  # fmt: skip
    """Trains in the folder of a run: from `weights`, or from the checkpoint where a resumed run starts.

    Raises V1101 where a loss or a weight is not a finite number, V1102 for a damaged checkpoint, V1106 where the memory does
    not suffice, V0801 where the disk does not take the records, V0809 where something that is not the run's is in the way.
    """
    import torch

    try:
        summary, model = _train(compiled, weights, parts, preprocess, settings, run, device, listener)
        state = {name: tensor.detach().to("cpu", copy=True) for name, tensor in stored(model).items()}
        return Trained(summary, {name: torch.Tensor.numpy(tensor) for name, tensor in state.items()}, classes)
    except OSError as problem:
        raise unwritable(run.path, problem) from None
    except (MemoryError, torch.OutOfMemoryError) as problem:
        raise _too_large(settings, device) from problem
    except RuntimeError as problem:
        if "can't allocate memory" in str(problem):  # what torch says on a CPU
            raise _too_large(settings, device) from problem
        raise


def _train(compiled: Compiled, weights: Mapping[str, Array] | None, parts: Parts, preprocess: Preprocess, settings: Train,
           run: Run, device: str, listener: Listener) -> tuple[dict[str, Any], Any]:  # fmt: skip
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
    facts = Facts()
    if run.start is not None:
        kept = checkpoints.load(run, run.start, model, trainer.optimizer)
        facts = Facts(kept["epoch"], kept["rows"], kept["best"], kept["seconds"], kept["skipped"])
    listener.started(settings.epochs, trainer.steps, facts.epoch)
    drawn = time.perf_counter()
    for epoch in range(facts.epoch, settings.epochs):
        row = _epoch(trainer, batches, parts.classes, epoch, facts, listener)
        files = {"metrics.jsonl": records.lines(facts.rows)}
        if time.perf_counter() - drawn > DRAWN:
            files["curves.png"] = records.curves(facts.rows, compiled.program.name)
            drawn = time.perf_counter()
        wanted = {called(n) for n in {facts.epoch, facts.best["epoch"] if facts.best else facts.epoch}}
        checkpoints.save(run, model, trainer.optimizer, asdict(facts), wanted, files)
        listener.epoch(row)
    return _finish(run, trainer, batches, facts, compiled.program.name, settings, listener), model


def _epoch(
    trainer: "Trainer",
    batches: Mapping[str, "Batches"],
    classes: tuple[str, ...],
    epoch: int,
    facts: Facts,
    listener: Listener,
) -> dict[str, Any]:
    """Trains and scores on the validation part; adds the row. Raises V0901 where no picture of a class can be read."""
    start = time.perf_counter()
    row: dict[str, Any] = {"epoch": epoch + 1, "train": asdict(trainer.epoch(epoch, listener.step))}
    learned = batches["train"].images
    if len(gone := learned.emptied()):
        raise learned.problems.emptied([classes[int(label)] for label in gone])
    facts.seconds += time.perf_counter() - start
    if "validation" in batches:
        row["validation"] = asdict(trainer.score(batches["validation"], "validation"))
    row["lr"] = trainer.rate((epoch + 1) * trainer.steps - 1)
    facts.note_skipped(batches)
    if facts.skipped:
        row["skipped"] = {part: len(files) for part, files in facts.skipped.items()}
    for part in batches.values():
        for warning in part.news():
            listener.warning(warning)
    facts.rows.append(row)
    facts.epoch, facts.best = epoch + 1, _better(facts.best, row)
    return row


def _model(compiled: Compiled, run: Run, weights: Mapping[str, Array] | None) -> Any:
    """The printed model, in which the run's folder keeps it, with the weights to start from."""
    import torch

    from ..verify.modules import imported

    run.put({"model.py": emit(compiled.program).encode()})
    model: Any = imported(run.path / "model.py").Model()
    if weights is not None:
        assign(model, {name: torch.tensor(weights[name]) for name in weights})
    return model


def _better(best: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any] | None:
    """The best epoch on the validation part so far, the first of equals; there is none without such a part."""
    if "validation" not in row:
        return None
    found = row["validation"]
    key = -found["loss"] if found["accuracy"] is None else found["accuracy"]
    return {"epoch": row["epoch"], "key": key} if best is None or key > best["key"] else best


def _finish(
    run: Run,
    trainer: "Trainer",
    batches: Mapping[str, "Batches"],
    facts: Facts,
    name: str,
    settings: Train,
    listener: Listener,
) -> dict[str, Any]:
    """Sets the model to the weights of the chosen epoch and gives the summary, once the records of the whole run are there.

    The test part is scored here alone; a run that was scored and then cut off in its export keeps its score."""
    from . import checkpoints, devices, records

    chosen = facts.best["epoch"] if settings.keep == "best" and facts.best else facts.epoch
    if chosen != facts.epoch:
        checkpoints.load_model(run, called(chosen), trainer.model)
    summary: dict[str, Any] | None = run.facts["summary"]
    if summary is None:
        test = asdict(trainer.score(batches["test"], "test")) if "test" in batches else None
        summary = {
            **records.score(facts.rows[chosen - 1], test),
            **records.choice(chosen, len(facts.rows), settings.keep),
            "seconds": round(facts.seconds, 3),
            "images_per_second": round(len(batches["train"].images) * facts.epoch / max(facts.seconds, 1e-9), 1),
            "device": devices.described(trainer.device),
        }
        facts.note_skipped(batches)
        if facts.skipped:
            summary["skipped"] = facts.skipped
        for part in batches.values():
            for warning in part.news():
                listener.warning(warning)
    files = {
        "metrics.jsonl": records.lines(facts.rows),
        "curves.png": records.curves(facts.rows, name),
        "summary.json": records.document(summary),
    }
    run.put(files, summary=summary)
    return summary


def _too_large(settings: Train, device: str) -> Exception:
    return error("V1106", f"the memory of the {device} does not suffice for batches of {settings.batch}",
                 help="--set train.batch takes a smaller one; a run that has a checkpoint can't change it")  # fmt: skip
