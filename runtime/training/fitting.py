"""Whether a model, its section `train` and the pictures go together: told before torch is imported."""

from collections.abc import Iterator

from ...compiler.driver import Compiled
from ...compiler.ir.program import Layer, walk_children
from ...compiler.ops.base import Array, np
from ...grammar.diagnostics import Diagnostic, error
from ...grammar.source import Span
from ..data.images import Parts
from ..sections.train import Train
from .names import name_pattern


def fitting(compiled: Compiled, wanted: Train, parts: Parts, names: tuple[str, ...]) -> list[Diagnostic]:
    """Raises V0904 and V0606 for what can't be trained, and gives warnings for what had better not be."""
    shape = compiled.graph.outputs[0].type.shape
    if len(shape) != 1:
        raise error("V0904", f"training needs one row of numbers for each picture; the model gives {list(shape)}",
                    compiled.program.root.span)  # fmt: skip
    width = shape[0]
    regression = wanted.criterion.name == "mse" and (width == 1 or parts.train.labels.dtype.kind == "f")
    for part in (parts.train, parts.validation, parts.test):
        if part is not None:
            _targets(part.labels, width, wanted.criterion.name) if regression else _classes(part.labels, width, wanted)
    if names and not regression and len(names) != width:
        raise error("V0904", f"there are names of {len(names)} classes, the model has {width}", exit_status=3)
    if wanted.keep == "best" and parts.validation is None:
        raise error("V0606", "`keep = best` needs a validation part: nothing is chosen on the test part", _at(compiled, "keep"),
                    help="data { validation = 0.1 }")  # fmt: skip
    for text in wanted.no_decay:
        if not any(name_pattern(text).fullmatch(name) for name in compiled.program.weights()):
            raise error("V0606", f"`no_decay`: no weight of the model is called `{text}`", _at(compiled, "no_decay"))
    return list(_warnings(compiled, wanted))


def _targets(labels: Array, width: int, criterion: str) -> None:
    if labels.size != len(labels) * width:
        raise error(
            "V0904", f"{labels.size // len(labels)} targets a picture, the model gives {width} numbers", exit_status=3
        )
    if not np.isfinite(labels).all():
        raise error("V0904", "a target is not a finite number", exit_status=3)


def _classes(labels: Array, width: int, wanted: Train) -> None:
    if labels.dtype.kind == "f":
        raise error("V0904", f"the labels are numbers with a point, `{wanted.criterion.name}` takes classes", exit_status=3,
                    help="criterion = mse")  # fmt: skip
    low, high = int(labels.min()), int(labels.max())
    if low < 0:
        raise error("V0904", f"the label {low} is no class: they count from 0", exit_status=3)
    if high >= width:
        raise error("V0904", f"the data has at least {high + 1} classes, the model {width}", exit_status=3,
                    help=f"--set classes={high + 1}, where the model has such a parameter")  # fmt: skip


def _warnings(compiled: Compiled, wanted: Train) -> Iterator[Diagnostic]:
    if wanted.batch == 1 and any(layer.kind == "batchnorm" for layer in _layers(compiled.program.root)):
        yield Diagnostic("V1105", "batchnorm sees the statistics of one picture where batch = 1", _at(compiled, "batch"),
                         help="a larger batch, or layernorm, which looks at each picture alone", severity="warning")  # fmt: skip


def _layers(layer: Layer) -> Iterator[Layer]:
    yield layer
    for name, child in layer.children.items():
        for _, inner in walk_children(child, name):
            yield from _layers(inner)


def _at(compiled: Compiled, key: str) -> Span | None:
    section = compiled.program.sections.get("train")
    return section.entries[key].span if section and key in section.entries else compiled.program.root.span
