"""Whether a model, its section `train` and the pictures go together: told before torch is imported."""

from collections.abc import Iterator

from ...compiler import ops
from ...compiler.configuration import Choice
from ...compiler.driver import Compiled
from ...compiler.flatten import flatten, served
from ...compiler.ir.graph import Graph
from ...compiler.ir.program import walk
from ...compiler.ops.base import Array, np
from ...diagnostics import Diagnostic, error
from ...diagnostics.source import Span
from ...grammar.name_patterns import match
from ..data.images import Parts, counted, named
from ..sections.train import Train
from .criteria import CRITERIA


def fitting(compiled: Compiled, wanted: Train, parts: Parts, names: tuple[str, ...]) -> list[Diagnostic]:
    """Raises V0904 and V0606 for what can't be trained, and gives warnings for what had better not be."""
    shape = compiled.graph.outputs[0].type.shape
    if len(shape) != 1:
        raise error("V0904", f"training needs one row of numbers for each picture; the model gives {list(shape)}",
                    compiled.program.root.span, status=1)  # fmt: skip
    width = shape[0]
    regression = wanted.criterion.numbers and (width == 1 or parts.train.labels.dtype.kind == "f")
    for part in (parts.train, parts.validation, parts.test):
        if part is not None:
            _targets(part.labels, width) if regression else _classes(part.labels, width, wanted)
    if names and not regression and len(names) != width:
        raise error("V0904", f"the data has {counted(len(names), 'class', 'classes')}, the model {width}: {named(names)}",
                    help=f"--set classes={len(names)}, where the model has such a parameter")  # fmt: skip
    if wanted.keep == "best" and parts.validation is None:
        raise error("V0606", "`keep = best` needs a validation part: nothing is chosen on the test part", _at(compiled, "keep"),
                    help="data { validation = 0.1 }")  # fmt: skip
    warmup = list(_warmup(compiled, wanted, steps(len(parts.train), wanted.batch)))
    for text in wanted.no_decay:
        if not any(match(text, name) is not None for name in compiled.program.weights()):
            raise error("V0606", f"`no_decay`: no weight of the model is called `{text}`", _at(compiled, "no_decay"))
    return [*warmup, *_warnings(compiled, wanted), *_untrained(compiled)]


def steps(pictures: int, batch: int) -> int:
    """How many batches an epoch has; the last may be smaller, but not of one picture alone."""
    whole, rest = divmod(pictures, batch)
    return whole + (rest > 1 or whole == 0)


def _warmup(compiled: Compiled, wanted: Train, per_epoch: int) -> Iterator[Diagnostic]:
    """Raises V0606 at a warm-up longer than the run; one that is as long leaves the schedule without a step."""
    warmup, total = wanted.schedule.warmup.steps(per_epoch), wanted.epochs * per_epoch
    place, help = _warmup_at(compiled), "choose a shorter `warmup` or more `epochs`"
    if warmup > total:
        message = f"the warm-up of {warmup:,} steps is longer than the run of {total:,} steps"
        raise error("V0606", message, place, help=help)
    if warmup == total:
        message = f"the warm-up of {warmup:,} steps takes the whole run: `{wanted.schedule.name}` never starts"
        yield Diagnostic("V0606", message, place, help=help, severity="warning")


def _warmup_at(compiled: Compiled) -> Span | None:
    """Where the warm-up is given, the first value of every schedule."""
    section = compiled.program.sections.get("train")
    choice = section.entries["schedule"].value if section and "schedule" in section.entries else None
    given = [*choice.args, *choice.kwargs.values()] if isinstance(choice, Choice) else []
    named = choice.kwargs.get("warmup") if isinstance(choice, Choice) else None
    return named.span if named else given[0].span if given else _at(compiled, "schedule")


def _targets(labels: Array, width: int) -> None:
    if labels.size != len(labels) * width:
        raise error("V0904", f"{labels.size // len(labels)} targets a picture, the model gives {width} numbers")
    if not np.isfinite(labels).all():
        raise error("V0904", "a target is not a finite number")


def _classes(labels: Array, width: int, wanted: Train) -> None:
    if labels.dtype.kind == "f":
        raise error("V0904", f"the labels are numbers with a point, `{wanted.criterion.name}` takes classes",
                    help=" or ".join(f"criterion = {name}" for name in CRITERIA.names() if CRITERIA.get(name).numbers))  # fmt: skip
    low, high = int(labels.min()), int(labels.max())
    if low < 0:
        raise error("V0904", f"the label {low} is no class: they count from 0")
    if high >= width:
        raise error("V0904", f"the data has at least {high + 1} classes, the model {width}",
                    help=f"--set classes={high + 1}, where the model has such a parameter")  # fmt: skip


def _warnings(compiled: Compiled, wanted: Train) -> Iterator[Diagnostic]:
    mixed = any(layer.is_op and ops.get(layer.kind).mixes_samples for _, layer in walk(compiled.program.root))
    if wanted.batch == 1 and mixed:
        yield Diagnostic("V1105", "batchnorm sees the statistics of one picture where batch = 1", _at(compiled, "batch"),
                         help="a larger batch, or layernorm, which looks at each picture alone", severity="warning")  # fmt: skip


def _untrained(compiled: Compiled) -> Iterator[Diagnostic]:
    """Warns of weights that only further results depend on: the loss is that of the first."""
    graph = flatten(compiled.program, training=True)
    trained = {name for name, spec in compiled.program.weights().items() if spec.trainable}
    every, first = (_weights(one) for one in (graph, served(graph)))
    if left := sorted(trained & (every - first)):
        yield Diagnostic("V0606", f"the loss is that of `{graph.names[0]}`; {counted(len(left), 'weight')} on which only other results "
                         f"depend will not be trained: {named(left)}", compiled.program.root.span, severity="warning")  # fmt: skip


def _weights(graph: Graph) -> set[str]:
    """The names of the weights that the results depend on."""
    return {node.attrs["name"] for node in graph.needed() if node.is_weight}


def _at(compiled: Compiled, key: str) -> Span | None:
    section = compiled.program.sections.get("train")
    return section.entries[key].span if section and key in section.entries else compiled.program.root.span
