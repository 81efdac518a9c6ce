"""`vitc.train`: from a spec to a run folder with its export."""

from pathlib import Path
from typing import Any

from ..compiler.driver import Compiled
from ..grammar.diagnostics import error
from ..runtime.data.images import Parts
from ..runtime.preprocess import Preprocess
from ..runtime.sections import section
from ..runtime.sections.data import Data, preprocess
from ..runtime.sections.train import Train
from . import api


def train(spec: str | Path, model: str | None = None, out: str | Path | None = None, *, settings: dict[str, str] | None = None,
          device: str = "auto", resume: bool = False, verify: bool = True, listener: Any = None) -> dict[str, Any]:  # fmt: skip
    """Trains in `out` (the first free of `runs/NAME`, `runs/NAME-2`, …), exports to `out/export` and gives the summary."""
    compiled = api.load(spec, model, settings)
    program = compiled.program
    wanted, data = section(program, "train", Train), section(program, "data", Data)
    pixels = preprocess(program, data)
    parts = read(compiled, data, pixels, Path(spec).parent)
    _fitting(compiled, wanted, parts)
    run = _folder(program.name, out, resume=resume)

    from ..runtime import training

    weights = api.start(compiled, spec, wanted.seed)
    trained = training.train(compiled, weights, parts, pixels, wanted, run, _device(device),
                             listener or training.Listener(), resume=resume)  # fmt: skip
    classes = tuple(data.classes or parts.classes)
    api.compile(spec, model, run / "export", weights=trained.weights, settings=settings, seed=wanted.seed,
                verify=verify, classes=classes)  # fmt: skip
    return {**trained.summary, "run": str(run)}


def read(compiled: Compiled, data: Data, pixels: Preprocess, base: Path) -> Parts:
    """The pictures that the section `data` speaks of, with a validation part where it asks for one."""
    if data.source is None:
        raise error("V0605", "training needs pictures: section `data` has no `source`", compiled.program.root.span,
                    help="data { source = digits }, or image_folder(\"path\"), npz(\"file.npz\"), fake()")  # fmt: skip
    parts: Parts = data.source.module.read(data.source.settings, base, pixels)
    if data.validation is not None and parts.validation is None:
        return parts.split(data.validation, data.split_seed)
    return parts


def _fitting(compiled: Compiled, wanted: Train, parts: Parts) -> None:
    """What neither the text nor the data alone can tell."""
    outputs = compiled.graph.outputs[0].type.shape
    if len(outputs) != 1:
        raise error("V0904", f"training needs one row of numbers for each picture; the model gives {list(outputs)}",
                    compiled.program.root.span)  # fmt: skip
    labels, width = parts.train.labels, outputs[0]
    regression = wanted.criterion.name == "mse" and (width == 1 or labels.dtype.kind == "f")
    if labels.dtype.kind == "f" and not regression:
        raise error("V0904", f"the labels are numbers with a point, `{wanted.criterion.name}` takes classes", exit_status=3,
                    help="criterion = mse")  # fmt: skip
    if regression and labels.size != len(labels) * width:
        raise error("V0904", f"{labels.size // len(labels)} targets a picture, the model gives {width} numbers", exit_status=3)
    if not regression and (labels.min() < 0 or labels.max() >= width):
        raise error("V0904", f"the data has {int(labels.max()) + 1} classes, the model {width}", exit_status=3,
                    help=f"--set classes={int(labels.max()) + 1}")  # fmt: skip
    if wanted.keep == "best" and parts.validation is None:
        raise error("V0904", "`keep = best` needs a validation part: nothing is chosen on the test part", exit_status=1,
                    help="data { validation = 0.1 }")  # fmt: skip


def _folder(name: str, out: str | Path | None, *, resume: bool) -> Path:
    if out is None:
        names = [f"runs/{name}", *(f"runs/{name}-{n}" for n in range(2, 10_000))]
        run = next(Path(text) for text in names if not Path(text).exists())
    else:
        run = Path(out)
    held = (run / "metrics.jsonl").exists()
    if resume and not held:
        raise error("V1103", f"`{run}` holds no run to go on with", exit_status=3)
    if held and not resume:
        raise error("V1103", f"`{run}` holds a run already", exit_status=3, help=f"--resume {run} goes on; -o takes another")
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise error("V0801", f"`{run}` can't be made: {problem.strerror}", exit_status=3) from None
    return run


def _device(name: str) -> str:
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise error("V1104", "there is no CUDA device that torch can use", exit_status=3, help="vitc doctor says why")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"
