"""What a run leaves for people and machines: `metrics.jsonl`, `curves.png`, `summary.json`."""

import json
import os
from pathlib import Path
from typing import Any


def truncate(path: Path, epochs: int) -> list[dict[str, Any]]:
    """The rows of whole epochs, which alone stay in the file."""
    if not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:epochs]]
    write(path, "".join(json.dumps(row) + "\n" for row in rows))
    return rows


def append(path: Path, row: dict[str, Any]) -> None:
    """One epoch more."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def write(path: Path, text: str) -> None:
    """Beside its place, then renamed."""
    stage = path.with_name(f".{path.name}")
    stage.write_text(text, encoding="utf-8")
    os.replace(stage, path)


def curves(path: Path, rows: list[dict[str, Any]], title: str) -> None:
    """Loss and accuracy over the epochs as a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    shown = [key for key in ("loss", "accuracy") if any(row["train"].get(key) is not None for row in rows)]
    epochs = [row["epoch"] for row in rows]
    for place, key in enumerate(shown):
        axes = figure.add_subplot(1, len(shown), place + 1)
        for part in [name for name in ("train", "validation", "test") if name in rows[-1]]:
            axes.plot(epochs, [row[part][key] for row in rows], label=part, marker="." if len(rows) < 30 else "")
        axes.set_xlabel("epoch")
        axes.set_title(key)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(title)
    stage = path.with_name(f".{path.name}")
    figure.savefig(stage, format="png", dpi=120)
    os.replace(stage, path)
