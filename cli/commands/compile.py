"""`vitc compile`."""

import json
from typing import Annotated, Any

import typer

from ...compiler.backends import BACKENDS
from ...diagnostics.messages import escape
from ..columns import columns, size
from ..errors import tell
from ..options import Form, Format, ModelName, Part, Settings, Spec, Trust
from ..options import settings as read_settings
from ..progress import steps


def compile(
    spec: Spec,
    model: ModelName = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="the folder to write; out/NAME without it")] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(help=f"{', '.join(BACKENDS.names())}; what `export` asks for without it"),
    ] = None,
    weights: Annotated[str | None, typer.Option(help="a file of weights, or its folder")] = None,
    part: Part = None,
    trust: Trust = False,
    settings: Settings = None,
    seed: Annotated[int, typer.Option(help="of the weights that are drawn")] = 0,
    plain: Annotated[bool, typer.Option("--plain", help="write attention out in model.py, for learners")] = False,
    verify: Annotated[bool, typer.Option(help="compare the outputs of each target with float64")] = True,
    format: Format = Form.text,
) -> None:
    """Writes a model for each target (PyTorch, TorchScript, ONNX) with its weights, and checks them against float64.

    Examples: `vitc compile vit_tiny_patch16_224`, `vitc compile mine.vit --to onnx --weights mine.safetensors -o out/mine`,
    `vitc compile vit_tiny_patch16_224 --plain --to torch`.
    """
    from ...application import compile as application

    with steps(f"compiling {model or spec}", shown=format != "json") as done:
        manifest = application.compile(
            spec,
            model,
            out,
            to=tuple(to or ()),
            weights=weights,
            settings=read_settings(settings, part),
            seed=seed,
            verify=verify,
            trust=trust,
            plain=plain,
            done=done,
        )
    if format == "json":
        print(json.dumps(manifest, indent=2))
    else:
        _print(manifest, out or f"out/{manifest['model']}")
    _note(manifest)


def _note(manifest: dict[str, Any]) -> None:
    """Warns of what was assumed of pictures."""
    from ...runtime.preprocess import Preprocess

    if note := Preprocess.from_json(json.dumps(manifest["preprocess"])).note():
        tell(note)


def _print(manifest: dict[str, Any], folder: str) -> None:
    from ...runtime.weights.origin import lines

    print(
        f"{manifest['model']}: {manifest['params']:,} parameters, {size(manifest['macs'], '')} MACs, in {escape(folder)}/"
    )
    files = [(f"  {name}", f"{about['bytes']:,}") for name, about in manifest["files"].items()]
    print(columns([("  file", "bytes"), *files], {1}))
    print("\n".join(lines(manifest["weights"], way="pass --weights FILE for trained ones")))
    report = manifest["verification"]
    if report is None:
        print("not verified")
        return
    print(f"verified against {report['judge']}; error is max |y - judge| / max(1, max |judge|)")
    print(
        columns([("  target", "weights", "output", "batches", "error", "allowed"), *_compared(report["rows"])], {4, 5})
    )
    for note in report["notes"]:
        print(f"  {note}")
    for kind in report["ill_conditioned"]:
        print(
            f"  ill-conditioned: with {kind} weights float32 itself is more than 1e-4 away from float64, or not finite"
        )


def _compared(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """A line for each target, kind of weights and output, with the batches and the largest error."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["target"], row["weights"], row["output"]), []).append(row)
    return [
        (
            f"  {target}",
            weights,
            output,
            ", ".join(str(row["batch"]) for row in group),
            _most([row["error"] for row in group]),
            _most([row["bar"] for row in group]),
        )
        for (target, weights, output), group in groups.items()
    ]


def _most(values: list[float | None]) -> str:
    """The largest; the manifest has none where it is infinite."""
    numbers = [value for value in values if value is not None]
    return f"{max(numbers):.0e}" if len(numbers) == len(values) else "infinite"
