"""What is on pictures by an ONNX file alone: no torch, no spec.

This runs in the process that it is called in; `vitc predict` has it done in another one, see `answers`.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..compiler.ops.base import Array
from ..diagnostics import VitError, error
from . import artefact, onnx_file
from .prediction import Failure, Prediction
from .preprocess import Preprocess


class Predictor:
    """A session with the preprocessing and the class names that the file carries."""

    def __init__(self, path: Path) -> None:
        """A compiled folder, whose files must be those of its manifest, or an ONNX file."""
        if os.path.isdir(path):  # false, too, where the system refuses to look
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
            raise error("V0807", f"what `{path}` says of pictures and classes can't be read") from None
        given = self.preprocess
        self.model = onnx_file.Model(path, (given.channels, given.height, given.width))

    def logits(self, images: Array) -> Array:
        """float32 [batch, C, H, W] -> the first output as float64, [batch, classes]."""
        logits = self.model(images)
        if self.names and len(self.names) != logits.shape[1]:
            raise error(
                "V0818", f"`{self.model.path}` names {len(self.names)} classes and gives {logits.shape[1]} numbers"
            )
        return logits

    def predict(self, pictures: Sequence[Path], top: int) -> list[Prediction]:
        """All pictures in one batch; raises V0901 at one that can't be read, V0811 where the model gives no numbers."""
        rows = self.logits(np.stack([self.preprocess.picture(path) for path in pictures]))
        return [self.best(str(path), row, top) for path, row in zip(pictures, rows, strict=True)]

    def answers(self, pictures: Sequence[str], images: Sequence[Array], top: int) -> list[Prediction | Failure]:
        """Of pictures that were prepared. What the model can't run on together it gets one after the other, and what it
        can't run on alone is a failure of that picture."""
        try:
            rows = self.logits(np.stack(images))
        except VitError as problem:
            if problem.diagnostics[0].code not in ("V0812", "V0814"):
                raise
            if len(images) == 1:
                return [failed(pictures[0], problem)]
            return [self.answers([p], [i], top)[0] for p, i in zip(pictures, images, strict=True)]
        found: list[Prediction | Failure] = []
        for picture, row in zip(pictures, rows, strict=True):
            try:
                found.append(self.best(picture, row, top))
            except VitError as problem:
                found.append(failed(picture, problem))
        return found

    def best(self, picture: str, logits: Array, top: int) -> Prediction:
        """The best classes of one picture, from its logits [classes]."""
        if not np.isfinite(logits).all():
            raise error("V0811", f"for `{picture}` the model gives infinite numbers or none")
        values = logits
        if self.activation != "none":
            values = softmax(values) if self.activation == "softmax" else sigmoid(values)
        best = np.argsort(-values, kind="stable")[:top]
        return Prediction(picture, self.activation, tuple((self.name(int(i)), float(values[i])) for i in best))

    def name(self, index: int) -> str:
        """The name of a class, its number where the file has no names."""
        return self.names[index] if self.names else str(index)


def failed(picture: str, problem: VitError) -> Failure:
    """The first diagnostic, as the answer for a picture."""
    found = problem.diagnostics[0]
    return Failure(picture, found.code, found.message, found.help)


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
