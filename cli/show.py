"""`vitc show`."""

import json
from dataclasses import asdict

from ..compiler import driver, elaborate
from ..compiler.ir.dump import dump, dump_program
from ..compiler.ir.graph import Graph
from ..compiler.ir.program import Program
from ..compiler.report.flow import Step, flow
from ..compiler.report.layers import Row
from ..compiler.report.receptive import LARGEST
from ..compiler.report.summary import Summary, summary
from ..diagnostics import error
from ..diagnostics.source import Span
from ..diagnostics.suggest import suggestion
from ..runtime.preprocess import Preprocess
from ..runtime.sections import section
from ..runtime.sections.data import Data
from ..runtime.sections.input import preprocess
from .columns import columns, shape, size
from .specs import choose
from .specs import settings as read_settings


def run(
    spec: str, model: str | None, settings: list[str], layers: bool, steps: bool, after: str | None, format: str
) -> None:
    """Prints what a model is and costs; with `layers` a row for each, with `steps` the way of one image through it."""
    library, name = choose(spec, model)
    made = dict(driver.stages(library, name, read_settings(settings)))
    if after is not None:
        _after(made, after, format)
        return
    programs = [state for state in made.values() if isinstance(state, Program)]
    graphs = [state for state in made.values() if isinstance(state, Graph)]
    about, rows = summary(programs[-1], graphs[-1])
    path = flow(programs[0]) if steps else ()
    pixels = preprocess(programs[0], section(programs[0], "data", Data))
    if format == "json":
        data = (
            asdict(about)
            | {"preprocess": asdict(pixels)}
            | ({"layers": [asdict(row) for row in rows]} if layers else {})
        )
        print(json.dumps(data | ({"flow": [asdict(step) for step in path]} if steps else {}), indent=2))
        return
    print(_summary(about, pixels))
    if layers:
        print(f"\n{_layers(rows)}")
    if steps:
        print(f"\n{_flow(path)}")


def paths(spec: str, model: str | None, settings: list[str], format: str) -> None:
    """Prints what can be set in a model: `--set PATH=VALUE` with the value that is shown changes nothing."""
    library, name = choose(spec, model)
    rows = elaborate.settable(library, name, read_settings(settings))
    if format == "json":
        print(json.dumps([{**row._asdict(), "place": _place(row.place)} for row in rows], indent=2))
    else:
        head = ("path", "value", "what it is", "set in")
        print(columns([head, *((row.path, row.value or "", row.about, _place(row.place)) for row in rows)]))


def _place(span: Span | None) -> str:
    return f"{span.source.name}:{span.line}" if span is not None else ""


def _after(made: dict[str, Program | Graph], name: str, format: str) -> None:
    """The state that a step leaves; a pass that runs on bodies and on the graph means the graph's unless it says which."""
    matching = [stage for stage in made if name in (stage, stage.partition(".")[2])]
    if not matching:
        raise error("V1007", f"there is no step `{name}`", exit_status=2, help=suggestion(name, made))
    state = made[matching[-1]]
    text = dump_program(state) if isinstance(state, Program) else dump(state)
    print(json.dumps({"after": matching[-1], "text": text}, indent=2) if format == "json" else text, end="")


def _summary(about: Summary, pixels: Preprocess) -> str:
    rows = [
        (about.model, "one picture"),
        *((f"  input {name}", shape(dims)) for name, dims in about.inputs.items()),
        ("  pictures", pixels.described()),
        *((f"  output {name}", shape(dims)) for name, dims in about.outputs.items()),
        ("  parameters", f"{about.params:,}"),
        ("  MACs", size(about.macs, "")),
        ("  activations", f"{size(about.activations)} in float32, {size(about.peak)} at once at inference"),
        ("  tokens", " -> ".join(map(str, about.tokens)) or "none"),
        ("  receptive field", _field(about.field)),
    ]
    return columns(rows)


def _layers(rows: tuple[Row, ...]) -> str:
    head = ("layer", "is", "gives", "parameters", "MACs", "activations", "sees")
    table = [head] + [
        (
            (row.path or "(the model)") + (f" x{row.calls}" if row.calls > 1 else ""),
            row.kind,
            ", ".join(map(shape, row.outputs)),
            f"{row.params:,}",
            size(row.macs, ""),
            size(row.activations),
            _field(row.field) if row.calls else "",
        )
        for row in rows
    ]
    return columns(table, {3, 4, 5, 6})


def _flow(steps: tuple[Step, ...]) -> str:
    table: list[tuple[str, str, str, str]] = []

    def add(steps: tuple[Step, ...], depth: int) -> None:
        for step in steps:
            table.append(("  " * depth + _name(step), ", ".join(map(shape, step.shapes)), step.kind, step.text))
            add(step.steps, depth + 1)

    add(steps, 0)
    return columns(table)


def _name(step: Step) -> str:
    head, _, last = step.name.rpartition(".")
    return step.name if step.times == 1 else f"{head}.{last} … {head}.{int(last) + step.times - 1}"


def _field(field: tuple[int, int] | None) -> str:
    if field is None:
        return f"not computed above {LARGEST:,} elements a tensor"
    return f"{field[0]}x{field[1]} px"
