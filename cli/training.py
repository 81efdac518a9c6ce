"""`vitc.train`: from a spec to a run folder with its export."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..grammar.diagnostics import error
from ..runtime.data.reading import read
from ..runtime.sections import section
from ..runtime.sections.data import Data, preprocess
from ..runtime.sections.train import Train
from . import api

if TYPE_CHECKING:
    from ..runtime.training import Listener


def train(spec: str | Path, model: str | None = None, out: str | Path | None = None, *, settings: Mapping[str, str] | None = None,
          device: str = "auto", resume: str | Path | None = None, verify: bool = True,
          listener: "Listener | None" = None) -> dict[str, Any]:  # fmt: skip
    """Trains in `out` (the first free of `runs/NAME`, `runs/NAME-2`, …), exports to `out/export` and gives the summary.

    `resume` is a run to go on with, from its last whole epoch, with the settings it was started with; of new ones only
    `train.epochs` may differ.
    """
    from ..runtime.training import Listener, runs
    from ..runtime.training import train as run_training
    from ..runtime.training.fitting import fitting

    sets = {**(runs.recorded(Path(resume)) if resume else {}), **(settings or {})}
    compiled = api.load(spec, model, sets)
    wanted, data = section(compiled.program, "train", Train), section(compiled.program, "data", Data)
    pixels = preprocess(compiled.program, data)
    parts = read(compiled, data, pixels, Path(spec).parent)
    classes = parts.classes
    listener = listener or Listener()
    for warning in (*parts.notes, *fitting(compiled, wanted, parts, classes)):
        listener.warning(warning)
    weights = api.start(compiled, spec, wanted.seed)
    chosen = _device(device)
    run = Path(resume or out or _free(compiled.program.name))
    made = runs.identity(compiled, len(parts.train))
    if resume:
        runs.go_on(run, made, sets)
    else:
        runs.begin(run, made, sets)
    trained = run_training(compiled, weights, parts, pixels, wanted, run, chosen, listener, resume=bool(resume))
    api.compile(spec, model, run / "export", weights=trained.weights, settings=sets, seed=wanted.seed, verify=verify,
                classes=classes)  # fmt: skip
    return {**trained.summary, "run": str(run)}


def _free(name: str) -> str:
    names = [f"runs/{name}", *(f"runs/{name}-{n}" for n in range(2, 10_000))]
    return next(text for text in names if not Path(text).exists())


def _device(name: str) -> str:
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise error("V1104", "there is no CUDA device that torch can use", exit_status=3, help="vitc doctor says why")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"
