"""Training: from a spec to a run folder with its export."""

# Imports inside functions are of what needs torch.

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler import driver
from ..compiler.driver import Compiled
from ..compiler.elaborate.library import Library
from ..diagnostics import Diagnostic, error
from ..runtime.data.reading import read
from ..runtime.preprocess import Preprocess
from ..runtime.sections.data import Data
from ..runtime.sections.export import outputs
from ..runtime.sections.input import preprocess
from ..runtime.sections.train import Train
from .compile import export
from .specs import choose
from .weights import start

if TYPE_CHECKING:
    from ..runtime.training.folder import Run
    from ..runtime.training.runs import Identity
    from ..runtime.training.train import Listener, Trained


def train(spec: str | Path, model: str | None = None, out: str | Path | None = None, *, settings: Mapping[str, str] | None = None,
          device: str = "auto", resume: str | Path | None = None, verify: bool = True, trust: bool = False,
          listener: "Listener | None" = None) -> dict[str, Any]:  # fmt: skip
    """Trains in `out` (the first free of `runs/NAME`, `runs/NAME-2`, …), exports to `out/export` and gives the summary.

    `out` must be empty or missing. `resume` is a run to continue after its last whole epoch, or the folder of one of its
    checkpoints, with the settings it was started with; of new ones only `train.epochs` may differ. A run that is finished is
    not scored or exported again: its summary is given. `device` is `auto`, `cpu`, `cuda`, `cuda:1` or `mps`.
    `trust` lets the file of the section `weights` be a pickle, as in `compile`.
    """
    from ..runtime.training import devices, folder, intact, runs
    from ..runtime.training.train import Listener
    from ..runtime.weights.origin import Known, Origin

    listener = listener or Listener()
    devices.refuse_several()
    devices.refuse_unknown(device)
    if resume is not None and out is not None:
        raise error("V1006", "--resume trains in the folder of its run, so it takes no --out")
    with ExitStack() as held:
        old = None if resume is None else held.enter_context(folder.reopened(Path(resume)))
        if old is not None:
            intact.check(old)
        sets: dict[str, str] = {**(old.facts["set"] if old else {}), **(settings or {})}
        library, name = choose(str(spec), model)
        job = _job(Path(spec), library, driver.prepare(library, name, sets, outputs), sets)
        made = runs.identity(job.compiled, job.pixels)
        if old is not None:
            runs.refuse_changed(old, made, job.wanted.epochs)
            if runs.finished(old, job.wanted.epochs):
                listener.warning(_finished(old))
                return {**old.facts["summary"], "run": str(old.path), "start": old.facts["weights"]}
            intact.ready(old, job.wanted.epochs, job.wanted.keep)
        if device != "auto":  # that always finds one, so torch can wait until the data is checked
            device = devices.chosen(device)
        run = old or held.enter_context(folder.claimed(None if out is None else Path(out), name))
        trained = job.run(run, made, device, listener, trust=trust)
        origin = Origin("training", epoch=trained.summary["epoch"], start=run.facts["weights"])
        # The model as it was read at the start: the text may have changed since.
        export(job.compiled, Known(trained.weights, origin), run.export, seed=job.wanted.seed, verify=verify,
               classes=trained.classes if job.named(trained.classes) else ())  # fmt: skip
        return {**trained.summary, "run": str(run.path), "start": run.facts["weights"]}


def _finished(run: "Run") -> Diagnostic:
    epochs = run.facts["summary"]["epochs"]
    return Diagnostic("V1109", f"`{run.path}` is finished: its {epochs} epochs are trained, scored and exported; nothing is done",
                      help=f"--set train.epochs={2 * epochs} trains more of them", severity="note")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Job:
    """What is trained, on what, and how."""

    spec: Path
    library: Library
    compiled: Compiled
    sets: dict[str, str]
    wanted: Train
    data: Data
    pixels: Preprocess

    def named(self, classes: tuple[str, ...]) -> bool:
        """Whether each number of the output is a class; a regression on the numbers of classes gives one number."""
        return self.compiled.graph.outputs[0].type.shape == (len(classes),)

    def run(self, run: "Run", made: "Identity", device: str, listener: "Listener", *, trust: bool) -> "Trained":
        """Reads the data, writes the record of the run and trains. No file is written before all of it is checked."""
        from ..runtime.training import devices, runs
        from ..runtime.training.fitting import fitting
        from ..runtime.training.train import train

        parts = read(self.compiled, self.data, self.pixels, self.spec.parent)
        classes = parts.classes
        found = runs.pictures(parts, classes)
        if run.facts:
            runs.refuse_others(run, found, "a run is resumed with the data it was started with; -o starts another")
        note = self.pixels.note()
        for diagnostic in (
            *([note] if note else []),
            *parts.notes,
            *fitting(self.compiled, self.wanted, parts, classes),
        ):
            listener.warning(diagnostic)
        weights = None
        if run.start is None:
            weights = start(self.compiled, self.spec, self.wanted.seed, trust=trust)
            origin = weights.origin.as_data()
            if run.facts:
                runs.refuse_others(run, {"weights": origin}, "a run is resumed with the weights it was started with")
            found["weights"] = origin
        device = devices.chosen(device)
        session, texts = runs.session(devices.described(device)), runs.texts(self.library)
        if run.facts:
            runs.resume(run, made, self.sets, texts, session)
        else:
            name = self.compiled.program.name
            runs.begin(
                run,
                made,
                {"model": name, **session, "seed": self.wanted.seed, "set": self.sets, "spec": texts, **found},
            )
        return train(self.compiled, weights, parts, classes, self.pixels, self.wanted, run, device, listener)


def _job(spec: Path, library: Library, compiled: Compiled, sets: dict[str, str]) -> _Job:
    wanted, data = Train.of(compiled.program), Data.of(compiled.program)
    return _Job(spec, library, compiled, sets, wanted, data, preprocess(compiled.program, data))
