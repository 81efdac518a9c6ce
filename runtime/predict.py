"""What is on pictures by an ONNX file alone: no torch, no spec."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..compiler.ops.base import Array
from ..grammar.diagnostics import error
from . import artefact, onnx_file
from .preprocess import Preprocess


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best classes of a picture, best first, with what the model gives: probabilities (together 1 after `softmax`,
    each for itself after `sigmoid`), or plain numbers (`none`, a model that was trained on numbers)."""

    picture: str
    activation: str
    classes: tuple[tuple[str, float], ...]


class Predictor:
    """A session with the preprocessing and the class names that the file carries."""

    def __init__(self, path: Path) -> None:
        """A compiled folder, whose manifest vouches for its files, or an ONNX file, which is opened with care."""
        folder = os.path.isdir(path)  # false, too, where the system refuses to look
        if folder:
            artefact.opened(path)
            path = path / "model.onnx"
        props = onnx_file.checked(path)
        try:
            self.preprocess = Preprocess.from_json(props["vitc.preprocess"])
            self.names = _names(props.get("vitc.classes", "[]"))
            self.activation = props.get("vitc.activation", "softmax")
            if self.activation not in ("softmax", "sigmoid", "none"):
                raise ValueError(self.activation)
        except (ValueError, RecursionError):
            raise error("V0807", f"what `{path}` says of pictures and classes can't be read", exit_status=3) from None
        if not folder:
            onnx_file.probed(path)
        self.session = onnx_file.session(path)
        given, takes = self.preprocess, list(self.session.get_inputs()[0].shape)
        if takes[1:] != [given.channels, given.height, given.width]:
            raise error("V0807", f"`{path}` prepares pictures for another size than it takes", exit_status=3)

    def logits(self, images: Array) -> Array:
        """float32 [batch, C, H, W] -> the first output, [batch, classes]."""
        return np.asarray(self.session.run(None, {self.session.get_inputs()[0].name: images})[0])

    def predict(self, pictures: list[Path], top: int) -> list[Prediction]:
        """One picture after the other; raises V0901 at one that can't be read, V0811 where the model gives no numbers."""
        return [self._one(path, top) for path in pictures]

    def _one(self, path: Path, top: int) -> Prediction:
        logits = self.logits(self.preprocess.picture(path)[None])[0].reshape(-1)
        if not np.isfinite(logits).all():
            raise error("V0811", f"for `{path}` the model gives infinite numbers or none", exit_status=3)
        values = logits.astype(np.float64)
        if self.activation != "none":
            values = softmax(values) if self.activation == "softmax" else sigmoid(values)
        best = np.argsort(-values, kind="stable")[:top]
        return Prediction(str(path), self.activation, tuple((self.name(int(i)), float(values[i])) for i in best))

    def name(self, index: int) -> str:
        """The name of a class, its number where it has none."""
        return self.names[index] if index < len(self.names) else str(index)


def softmax(logits: Array) -> Array:
    """Probabilities that add up to 1; the maximum is taken out first, so that large logits do not overflow."""
    e = np.exp(logits - logits.max())
    return e / e.sum()


def sigmoid(logits: Array) -> Array:
    """A probability for each; written with tanh, which does not overflow."""
    return 0.5 + 0.5 * np.tanh(logits / 2)


def _names(text: str) -> list[str]:
    names: Any = json.loads(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):  # type: ignore[reportUnknownVariableType] -- checked here
        raise ValueError("class names")
    return names  # type: ignore[reportUnknownVariableType] -- checked above
