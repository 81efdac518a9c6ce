"""Classes of pictures by an ONNX file alone: no torch, no spec."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..compiler.ops.base import Array
from ..grammar.diagnostics import error
from . import artefact
from .preprocess import Preprocess


@dataclass(frozen=True, slots=True)
class Prediction:
    """The likeliest classes of a picture with their probabilities, best first."""

    picture: str
    classes: tuple[tuple[str, float], ...]


class Predictor:
    """A session with the preprocessing and the class names that the file carries."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            artefact.opened(path)
            path = path / "model.onnx"
        if not path.is_file():
            raise error("V0806", f"there is no `{path}`", exit_status=3)
        self.session = _session(path)
        props: dict[str, str] = self.session.get_modelmeta().custom_metadata_map
        if "vitc.preprocess" not in props:
            raise error(
                "V0807", f"`{path}` was not written by vitc: it does not say how to prepare pictures", exit_status=3
            )
        self.preprocess = Preprocess.from_json(props["vitc.preprocess"])
        self.names: list[str] = json.loads(props.get("vitc.classes", "[]"))

    def logits(self, images: Array) -> Array:
        """float32 [batch, C, H, W] -> [batch, classes]."""
        return np.asarray(self.session.run(None, {self.session.get_inputs()[0].name: images})[0])

    def predict(self, pictures: list[Path], top: int) -> list[Prediction]:
        """One picture after the other."""
        found: list[Prediction] = []
        for path in pictures:
            logits = self.logits(self.preprocess.picture(path)[None])[0].reshape(-1)
            probabilities = softmax(logits)
            best = np.argsort(-probabilities, kind="stable")[:top]
            classes = tuple((self.name(int(i)), float(probabilities[i])) for i in best)
            found.append(Prediction(str(path), classes))
        return found

    def name(self, index: int) -> str:
        """The name of a class, its number where it has none."""
        return self.names[index] if index < len(self.names) else str(index)


def softmax(logits: Array) -> Array:
    """Probabilities; the maximum is taken out first, so that large logits do not overflow."""
    e = np.exp(logits.astype(np.float64) - logits.max())
    return e / e.sum()


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime raises classes of its own that share no base
        raise error("V0808", f"ONNX Runtime can't load `{path}`: {str(problem)[:200]}", exit_status=3) from None
