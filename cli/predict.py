"""`vitc predict`."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..grammar.messages import escape
from ..runtime.predict import Prediction, Predictor
from .progress import counted


def run(model: str, pictures: list[str], top: int, format: str) -> None:
    """Prints the best classes of each picture with their probabilities, or with the numbers of a regression."""
    predictor = Predictor(Path(model))
    with counted("predicting", len(pictures)) as advance:
        found: list[Prediction] = []
        for picture in pictures:
            found += predictor.predict([Path(picture)], top)
            advance()
    print(json.dumps([_data(p) for p in found], indent=2) if format == "json" else "\n".join(_lines(found)))


def _data(found: Prediction) -> dict[str, object]:
    what = "number" if found.activation == "none" else "probability"
    return {"picture": found.picture, "classes": [{"name": name, what: value} for name, value in found.classes]}


def _lines(found: Sequence[Prediction]) -> list[str]:
    lines: list[str] = []
    for one in found:
        lines.append(escape(one.picture))
        for name, value in one.classes:
            lines.append(
                f"  {value:9.4g}  {escape(name)}" if one.activation == "none" else f"  {value:7.2%}  {escape(name)}"
            )
    return lines
