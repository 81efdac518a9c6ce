"""The names of a classifier's outputs, out of a configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .sheet import Sheet, literal, refused


def numbered(given: Any, path: Path, key: str) -> dict[int, str]:
    """Names by the number of their output, of a list or of a mapping whose keys are numbers; a number becomes its text.

    Raises V0713 for anything else, and for a name that no spec can hold.
    """
    if isinstance(given, list):
        given = dict(enumerate(given))  # type: ignore[reportUnknownArgumentType] -- of any kind
    if not isinstance(given, dict):
        raise refused(path, key, given, "names of classes are a mapping from numbers to texts")
    found: dict[int, str] = {}
    for index, name in given.items():  # type: ignore[reportUnknownVariableType] -- of any kind
        place = f"{key}.{index}"
        number = _number(str(index))  # type: ignore[reportUnknownArgumentType] -- of any kind
        if number is None or number in found:
            raise refused(path, place, name, "the key is not the number of an output, or it is there twice")
        if type(name) not in (str, int, float) or name in ("", float("inf"), float("-inf")) or name != name:  # type: ignore[reportUnknownArgumentType] -- of any kind
            raise refused(path, place, name, "a name is a text or a number")
        found[number] = literal(str(name), path, place)  # type: ignore[reportUnknownArgumentType] -- checked above
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def put(made: Sheet, named: Mapping[int, str], outputs: int | None, key: str) -> None:
    """Writes the names into the sheet. An output without one gets its number, as `predict` prints it; what does not fit
    is a note."""
    if not named or outputs is None:
        return
    made.classes = tuple(named.get(index, str(index)) for index in range(outputs))
    lacking = [index for index in range(outputs) if index not in named]
    beyond = [index for index in sorted(named) if index >= outputs]
    if lacking:
        made.notes.append(f"{key} has no name for output {_few(lacking)}: its number stands in `classes`")
    if beyond:
        made.notes.append(f"{key} names output {_few(beyond)}, and the model has {outputs}: left out")


def _few(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")
