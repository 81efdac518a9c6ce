"""`vitc predict`."""

import json
from dataclasses import asdict
from pathlib import Path

from ..runtime.predict import Predictor


def run(model: str, pictures: list[str], top: int, format: str) -> None:
    """Prints the likeliest classes of each picture."""
    found = Predictor(Path(model)).predict([Path(p) for p in pictures], top)
    if format == "json":
        print(json.dumps([asdict(p) for p in found], indent=2))
        return
    for prediction in found:
        print(prediction.picture)
        for name, probability in prediction.classes:
            print(f"  {probability:7.2%}  {name}")
