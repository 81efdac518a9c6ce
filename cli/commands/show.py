"""`vitc show`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ...diagnostics import error
from ..columns import columns, shape, size
from ..options import Form, Format, ModelName, Settings, Spec
from ..options import settings as read_settings

if TYPE_CHECKING:
    from ...compiler.report.flow import Step
    from ...compiler.report.layers import Row
    from ...compiler.report.summary import Summary
    from ...diagnostics.source import Span
    from ...runtime.preprocess import Preprocess


def show(
    spec: Spec,
    model: ModelName = None,
    settings: Settings = None,
    layers: Annotated[bool, typer.Option("--layers", help="a row for each layer")] = False,
    flow: Annotated[
        bool, typer.Option("--flow", help="the shapes of one picture on its way through the model")
    ] = False,
    after: Annotated[str | None, typer.Option(help="the graph after a step: flatten, attention, local.cse, …")] = None,
    paths: Annotated[
        bool, typer.Option("--settings", help="all that can be set: paths, values, what they are, where they are set")
    ] = False,
    format: Format = Form.text,
) -> None:
    """Shows what a model is and costs: parameters, MACs, memory, tokens, receptive field.

    Examples: `vitc show vit_tiny_patch16_224 --layers`, `vitc show mine.vit --flow`, `vitc show mine.vit --after attention`,
    `vitc show mine.vit --settings`.
    """
    from ...application import show as application

    overrides = read_settings(settings)
    _refuse_unused({"--settings": paths, "--after": after is not None, "--layers": layers, "--flow": flow})
    if paths:
        _settable(spec, model, overrides, format)
        return
    if after is not None:
        step, text = application.after(after, spec, model, overrides)
        print(json.dumps({"after": step, "text": text}, indent=2) if format == "json" else text, end="")
        return
    shown = application.show(spec, model, overrides)
    path = shown.flow() if flow else ()
    if format == "json":
        data = (
            asdict(shown.summary)
            | {"preprocess": asdict(shown.preprocess)}
            | ({"layers": [asdict(row) for row in shown.layers]} if layers else {})
        )
        print(json.dumps(data | ({"flow": [asdict(step) for step in path]} if flow else {}), indent=2))
        return
    print(_summary(shown.summary, shown.preprocess))
    if layers:
        print(f"\n{_layers(shown.layers)}")
    if flow:
        print(f"\n{_flow(path)}")


def _refuse_unused(given: dict[str, bool]) -> None:
    """Raises V1006 where an option besides `--settings` or `--after`, which print one thing alone, would have no effect."""
    options = [name for name, there in given.items() if there]
    if len(options) > 1 and options[0] in ("--settings", "--after"):
        raise error("V1006", f"{options[0]} prints that alone, so it takes no {' or '.join(options[1:])}",
                    help="use one command for each")  # fmt: skip


def _settable(spec: str, model: str | None, overrides: dict[str, str], format: str) -> None:
    """Prints what can be set in a model: `--set PATH=VALUE` with the value that is shown changes nothing."""
    from ...application.show import settable

    rows = settable(spec, model, overrides)
    if format == "json":
        print(json.dumps([{**row._asdict(), "place": _place(row.place)} for row in rows], indent=2))
    else:
        head = ("path", "value", "what it is", "set in")
        print(columns([head, *((row.path, row.value or "", row.about, _place(row.place)) for row in rows)]))


def _place(span: "Span | None") -> str:
    return f"{span.source.name}:{span.line}" if span is not None else ""


def _summary(about: "Summary", pixels: "Preprocess") -> str:
    rows = [
        (about.model, "one picture"),
        *((f"  input {name}", shape(dims)) for name, dims in about.inputs.items()),
        ("  pictures", pixels.described()),
        *((f"  output {name}", shape(dims)) for name, dims in about.outputs.items()),
        *((f"  in training {name}", shape(dims)) for name, dims in about.results.items() if name not in about.outputs),
        ("  parameters", f"{about.params:,}"),
        ("  MACs", size(about.macs, "")),
        ("  activations", f"{size(about.activations)} in float32, {size(about.peak)} at once at inference"),
        ("  tokens", " -> ".join(map(str, about.tokens)) or "none"),
        ("  receptive field", _field(about.field)),
    ]
    return columns(rows)


def _layers(rows: "tuple[Row, ...]") -> str:
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


def _flow(steps: "tuple[Step, ...]") -> str:
    table: list[tuple[str, str, str, str]] = []

    def add(steps: "tuple[Step, ...]", depth: int) -> None:
        for step in steps:
            table.append(("  " * depth + _name(step), ", ".join(map(shape, step.shapes)), step.kind, step.text))
            add(step.steps, depth + 1)

    add(steps, 0)
    return columns(table)


def _name(step: "Step") -> str:
    head, _, last = step.name.rpartition(".")
    return step.name if step.times == 1 else f"{head}.{last} … {head}.{int(last) + step.times - 1}"


def _field(field: tuple[int, int] | None) -> str:
    from ...compiler.report.receptive import LARGEST

    if field is None:
        return f"not computed above {LARGEST:,} elements a tensor"
    return f"{field[0]}x{field[1]} px"
