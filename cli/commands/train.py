"""`vitc train`."""

import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...diagnostics import Diagnostic
from ...diagnostics.messages import as_json, escape
from ..errors import tell
from ..options import Form, Format, ModelName, Part, Spec, Trust
from ..options import settings as read_settings

if TYPE_CHECKING:
    from ...runtime.training.train import Listener


def train(
    spec: Spec,
    model: ModelName = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="a new or empty folder; runs/NAME without it")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps")] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, like mlp.drop=0.1 or train.epochs=3")
    ] = None,
    resume: Annotated[str | None, typer.Option(help="a run to continue after its last whole epoch")] = None,
    verify: Annotated[bool, typer.Option(help="compare the outputs of each exported target with float64")] = True,
    part: Part = None,
    trust: Trust = False,
    format: Format = Form.text,
) -> None:
    """Trains a model on the pictures that its spec names, and exports it.

    Examples: `vitc train digits`, `vitc train mine.vit --set train.epochs=3 -o runs/mine`.
    """
    # `--format json` prints the summary alone, with all notes and warnings under `diagnostics`, in the form of `vitc check`;
    # they go to standard error, too, when they come.
    from ...application import train as application
    from ...runtime.weights.origin import lines

    told: list[Diagnostic] = []
    with nullcontext(_told(told)) if format == "json" else _Listening() as listener:
        summary = application.train(
            spec,
            model,
            out,
            settings=read_settings(settings, part),
            device=device,
            resume=resume,
            verify=verify,
            trust=trust,
            listener=listener,
        )
    if format == "json":
        print(json.dumps({**summary, "diagnostics": as_json(told)}, indent=2))
        return
    print("\n".join(lines(summary["start"], "started from")))
    print(escape(f"{summary['run']}/: curves.png, metrics.jsonl, summary.json, checkpoints/, export/"))
    speed = f"{summary['seconds']:.0f} s of training, {summary['images_per_second']:,.0f} images/s"
    print(f"{speed} on {escape(summary['device'])}")
    print(f"{summary['part']} {_figures(summary)}: weights of epoch {summary['epoch']}, {summary['weights']}")


def _told(found: list[Diagnostic]) -> "Listener":
    """Hears of notes and warnings alone, and collects them."""
    from ...runtime.training.train import Listener

    def warning(diagnostic: Diagnostic) -> None:
        found.append(diagnostic)
        tell(diagnostic)

    return Listener(warning=warning)


class _Listening:
    """A progress bar of the epochs and the steps in them."""

    def __enter__(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from ...runtime.training.train import Listener

        terminal = sys.stderr.isatty()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=Console(stderr=True), disable=not terminal)
        self.progress.start()
        self.task = self.progress.add_task("training")
        return Listener(self._started, self._step, self._epoch, tell)

    def __exit__(self, *problem: object) -> None:
        self.progress.stop()

    def _started(self, epochs: int, steps: int, done: int) -> None:
        self.epochs = epochs
        self.progress.update(self.task, total=epochs * steps, completed=done * steps)

    def _step(self, index: int, loss: float) -> None:
        self.progress.update(self.task, advance=1, description=f"loss {loss:.4f}")

    def _epoch(self, row: dict[str, Any]) -> None:
        parts = [f"{name} {_figures(row[name])}" for name in ("train", "validation") if name in row]
        self.progress.console.print(f"epoch {row['epoch']}/{self.epochs}: {', '.join(parts)}", highlight=False)


def _figures(score: dict[str, Any]) -> str:
    accuracy = "" if score["accuracy"] is None else f" {score['accuracy']:.2%}"
    return f"{score['loss']:.4f}{accuracy}"
