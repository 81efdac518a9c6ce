"""Prediction: the best classes of pictures by a compiled model."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..diagnostics import Diagnostic
from ..runtime.answers import answers
from ..runtime.prediction import Failure, Prediction


def predict(
    model: str | Path,
    pictures: Sequence[str | Path],
    top: int = 5,
    *,
    warn: Callable[[Diagnostic], None] = lambda diagnostic: None,
) -> Iterator[Prediction | Failure]:
    """Gives the best `top` classes of each picture in their order, or why there are none.

    `model` is a compiled folder or an `.onnx` file. A process of its own decodes the pictures and runs the model. `warn` hears
    once what is odd about the model. Raises `VitError` where the model can't be used (V0802 to V0818).

        >>> import vitc
        >>> next(vitc.predict("out/digits", ["missing.png"])).code
        'V0901'
    """
    return answers(Path(model), [str(picture) for picture in pictures], top, warn)
