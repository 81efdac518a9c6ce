"""What a run leaves for people and machines: `metrics.jsonl`, `curves.png`, `summary.json`."""

import json
import os
import sys
import tempfile
from io import BytesIO
from typing import Any

PARTS = ("train", "validation")


def lines(rows: list[dict[str, Any]]) -> bytes:
    """A line of JSON for each epoch."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def document(facts: dict[str, Any]) -> bytes:
    """JSON for people."""
    return (json.dumps(facts, indent=2) + "\n").encode()


def curves(rows: list[dict[str, Any]], title: str) -> bytes:
    """Loss, accuracy and learning rate over the epochs as a PNG."""
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
    picture = BytesIO()
    canvas.print_figure(picture, format="png", dpi=120)
    return picture.getvalue()


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


def score(row: dict[str, Any], test: dict[str, Any] | None) -> dict[str, Any]:
    """Of the chosen weights: on the test part, else the validation part, else what the epoch had on the training part."""
    part = "test" if test else next(name for name in ("validation", "train") if name in row)
    found = test or row[part]
    return {"accuracy": found["accuracy"], "loss": found["loss"], "part": part}


def choice(chosen: int, epochs: int, keep: str) -> dict[str, Any]:
    """Which epoch the weights are of, and why."""
    why = f"best of {epochs} epochs on the validation part" if keep == "best" else f"last of {epochs} epochs"
    return {"epoch": chosen, "epochs": epochs, "weights": why}
