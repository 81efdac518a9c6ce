"""Answers to pictures by a model of anybody's: pictures are decoded and the model is run in a process of their own."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..diagnostics import Diagnostic, VitError, error
from .guard import Child, Ended
from .limits import GIB, Limits
from .prediction import Failure, Prediction

_CHILD = f"{__package__}.predict_child"
#: Seconds for decoding a picture: the largest that is taken needs a few.
_DECODING = 60


class _Undecodable(Exception):
    """A picture, by its number, that ended the process which decoded it."""

    def __init__(self, number: int, how: str) -> None:
        super().__init__(how)
        self.number, self.how = number, how


def answers(
    model: Path, pictures: Sequence[str], top: int, warn: Callable[[Diagnostic], None] | None = None
) -> Iterator[Prediction | Failure]:
    """For each picture its best classes or why there are none, in their order; `warn` hears once what is odd about the model.

    One process answers all; after a picture whose decoding ends it (V0910) another one goes on. Where the model itself
    can't be used, or ends the process, a `VitError` says so: V0802 to V0818.
    """
    failures: dict[int, Failure] = {}
    told = 0
    while told < len(pictures):
        left = [number for number in range(told, len(pictures)) if number not in failures]
        try:
            for number, found in zip(left, _answered(model, [pictures[n] for n in left], top, warn), strict=True):
                yield from (failures[n] for n in range(told, number))
                yield found
                told = number + 1
            yield from (failures[n] for n in range(told, len(pictures)))
            return
        except _Undecodable as problem:
            picture = pictures[left[problem.number]]
            message = f"`{picture}` can't be read as a picture: decoding it ended its process ({problem.how})"
            failures[left[problem.number]] = Failure(picture, "V0910", message)
            warn = None  # has heard it from the first process


def _answered(
    model: Path, pictures: Sequence[str], top: int, warn: Callable[[Diagnostic], None] | None
) -> Iterator[Prediction | Failure]:
    """What one process answers; raises `_Undecodable`, or a `VitError` about the model."""
    if not pictures:
        return
    limits = held = Limits.of(_size(model), len(pictures))
    request = {"model": str(model), "pictures": pictures, "top": top, "limits": limits.as_data()}
    doing, decoding, missing = "loading", 0, len(pictures)
    with Child(_CHILD, request) as child:
        try:
            while missing:
                said = child.read(_DECODING if doing == "decoding" else limits.step)
                if "limits" in said:
                    held = Limits(**said["limits"])
                elif "warning" in said:
                    if warn is not None:
                        warn(Diagnostic(**said["warning"], severity="warning"))
                elif "decoding" in said:
                    doing, decoding = "decoding", said["decoding"]
                elif "running" in said:
                    doing = "running"
                elif "answers" in said:
                    missing -= len(said["answers"])
                    yield from map(_answer, said["answers"])
                elif "error" in said:
                    raise error(**said["error"])
                else:
                    raise Ended("memory", "")
        except Ended as end:
            # CPU time is used up by all pictures together; an interrupt has nothing to do with any
            if doing == "decoding" and end.cause not in ("cpu", "interrupt"):
                raise _Undecodable(decoding, end.how or end.cause) from None
            raise _at_fault(model, doing, end, limits, held) from None


def _answer(found: dict[str, Any]) -> Prediction | Failure:
    if "classes" not in found:
        return Failure(**found)
    classes = tuple((name, value) for name, value in found["classes"])
    return Prediction(found["picture"], found["activation"], classes, tuple(found["notes"]))


def _at_fault(model: Path, doing: str, end: Ended, wanted: Limits, held: Limits) -> VitError:
    """The model ended the process; the limits are those that vitc sets, and those that held since the user's are lower."""
    if end.cause in ("time", "cpu"):
        how = f"it used up {held.cpu} seconds of CPU time" if end.cause == "cpu" else end.how
        help = "`ulimit -t` limits it" if end.cause == "cpu" and held.cpu < wanted.cpu else ""
        return error("V0815", f"{doing} `{model}` takes too long: {how}", help=help)
    allowed = f"{held.memory / GIB:.3g} GiB of address space"
    help = f"`ulimit -v` leaves it {allowed}" if held.memory < wanted.memory else ""
    if end.cause in ("crash", "interrupt"):
        return error("V0813", f"{doing} `{model}` crashes its process ({end.how})", help=help)
    message = f"{doing} `{model}` needs more memory than its process may use, {allowed}"
    return error("V0814", f"{message} ({end.how})" if end.how else message, help=help)


def _size(model: Path) -> int:
    """Bytes of an ONNX file and its data, of a folder's or of one alone; what is missing is reported when it is opened."""
    path = model / "model.onnx" if os.path.isdir(model) else model
    sizes: list[int] = []
    for file in (path, path.with_name(f"{path.name}.data")):
        try:
            sizes.append(file.stat().st_size)
        except (OSError, ValueError):
            continue
    return sum(sizes)
