"""The process in which `answers` has pictures decoded and a model run.

It reads one JSON object from standard input and says what it does in lines of JSON: `limits` that hold, a `warning` about the model, `decoding` a
picture (its number), `running` the model, `answers` in the order of the pictures; `error` or `memory` where it stops early.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics import VitError
from .limits import Limits
from .prediction import Failure, Prediction

if TYPE_CHECKING:
    from ..compiler.ops.base import Array

#: Numbers of all pictures of a batch together: 64 small ones, 6 of 224 x 224 x 3. A larger batch is hardly faster and
#: takes more memory; what fixes the size is the model alone, so that the numbers do not depend on the machine.
_NUMBERS, _MOST = 2**20, 64


class Child:
    """Answers one request."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        # What native code prints on standard output must not end up between the answers.
        self.lines = os.fdopen(os.dup(1), "w", encoding="ascii")
        os.dup2(2, 1)

    def say(self, **what: Any) -> None:
        """A line for the parent."""
        self.lines.write(json.dumps(what) + "\n")
        self.lines.flush()

    def run(self) -> None:
        """Answers for all pictures."""
        try:
            self._run()
        except VitError as problem:
            found = problem.diagnostics[0]
            self.say(error={"code": found.code, "message": found.message, "help": found.help})
        except MemoryError:
            self.say(memory=True)

    def _run(self) -> None:
        from .predict import Predictor

        predictor, pictures = Predictor(Path(self.request["model"])), self.request["pictures"]
        given = predictor.preprocess
        if note := given.note():
            self.say(warning={"code": note.code, "message": note.message, "help": note.help})
        batch = max(1, min(_MOST, _NUMBERS // (given.channels * given.height * given.width)))
        for start in range(0, len(pictures), batch):
            self._batch(predictor, pictures[start : start + batch], start)

    def _batch(self, predictor: Any, pictures: list[str], start: int) -> None:
        from .predict import failed

        images: list[Array] = []
        notes: list[list[str] | Failure] = []
        for number, picture in enumerate(pictures, start):
            self.say(decoding=number)
            try:
                odd: list[str] = []
                images.append(predictor.preprocess.normalised(predictor.preprocess.decoded(Path(picture), odd.append)))
                notes.append(odd)
            except VitError as problem:
                notes.append(failed(picture, problem))
        self.say(running=True)
        decoded = [picture for picture, odd in zip(pictures, notes, strict=True) if not isinstance(odd, Failure)]
        rest = iter(predictor.answers(decoded, images, self.request["top"]) if images else ())
        self.say(answers=[asdict(odd) if isinstance(odd, Failure) else _noted(next(rest), odd) for odd in notes])


def _noted(answer: Prediction | Failure, notes: list[str]) -> dict[str, Any]:
    return asdict(answer) | ({"notes": notes} if isinstance(answer, Prediction) else {})


if __name__ == "__main__":
    request = json.load(sys.stdin)
    limits = Limits(**request["limits"]).held()
    child = Child(request)
    child.say(limits=limits.as_data())
    child.run()
