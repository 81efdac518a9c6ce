"""What `vitc predict` finds, as plain data: it crosses from the process that runs the model to the one that prints."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """The best classes of a picture, best first, with what the model gives: probabilities (together 1 after `softmax`,
    each for itself after `sigmoid`), or plain numbers (`none`, a model that was trained on numbers). `notes` say what is
    odd about the picture."""

    picture: str
    activation: str
    classes: tuple[tuple[str, float], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer for a picture; `code` is one that `vitc explain` knows."""

    picture: str
    code: str
    message: str
    help: str = ""
