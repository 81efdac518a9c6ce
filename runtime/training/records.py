"""What a run leaves for people and machines: `metrics.jsonl`, `curves.png`, `summary.json`."""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

PARTS = ("train", "validation", "test")


def lines(rows: list[dict[str, Any]]) -> str:
    """A line of JSON for each epoch."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(path: Path, text: str) -> None:
    """Beside its place, then renamed."""
    stage = path.with_name(f".{path.name}")
    stage.write_text(text, encoding="utf-8")
    os.replace(stage, path)


def curves(path: Path, rows: list[dict[str, Any]], title: str) -> None:
    """Loss, accuracy and learning rate over the epochs as a picture."""
    _import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = ["loss", "accuracy"] if rows[0]["train"]["accuracy"] is not None else ["loss"]
    figure: Any = Figure(figsize=(4 * (len(shown) + 1), 3.4), layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    epochs, mark = [row["epoch"] for row in rows], "." if len(rows) < 30 else ""
    for place, key in enumerate([*shown, "learning rate"]):
        axes = figure.add_subplot(1, len(shown) + 1, place + 1)
        if key == "learning rate":
            axes.plot(epochs, [row["lr"] for row in rows], marker=mark, color="gray")
        for part in (name for name in PARTS if name in rows[0] and key in shown):
            axes.plot(epochs, [row[part][key] for row in rows], label=part, marker=mark)
            axes.legend()
        axes.set(xlabel="epoch", title=key)
        axes.grid(alpha=0.3)
    figure.suptitle(title)
    stage = path.with_name(f".{path.name}")
    canvas.print_figure(stage, format="png", dpi=120)
    os.replace(stage, path)


def _import_matplotlib() -> None:
    """Imports matplotlib without its list of fonts in the home folder: a run writes into its own folder alone."""
    if "matplotlib" in sys.modules or "MPLCONFIGDIR" in os.environ:
        return
    with tempfile.TemporaryDirectory(prefix="vitc-") as folder:
        os.environ["MPLCONFIGDIR"] = folder
        try:
            import matplotlib.font_manager  # noqa: F401  # pyright: ignore[reportUnusedImport] -- the import writes the list
        finally:
            del os.environ["MPLCONFIGDIR"]


def summary(rows: list[dict[str, Any]], chosen: int, seconds: float, images: int) -> dict[str, Any]:
    """Of the weights of the chosen epoch: on the test part, else the validation part, else the training part.

    `seconds` and `images_per_second` count the training alone, not the scoring.
    """
    row = rows[chosen - 1]
    part = next(name for name in ("test", "validation", "train") if name in row)
    return {
        "accuracy": row[part]["accuracy"],
        "loss": row[part]["loss"],
        "part": part,
        "epoch": chosen,
        "epochs": len(rows),
        "seconds": round(seconds, 3),
        "images_per_second": round(images * len(rows) / max(seconds, 1e-9), 1),
    }
