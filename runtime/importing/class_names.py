"""The names of a classifier's outputs, out of a configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .sheet import Sheet, literal, refused, shown

#: Names that a list of the language holds, and their bytes, which leave room in a spec of at most 250,000.
_MOST, _BYTES = 10_000, 150_000


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
    """Writes the names into the sheet, each once: an output without one gets its number, as `predict` prints it, and a name
    that is there already its number behind it. What was changed or does not fit is a note."""
    if named and not outputs:
        made.notes.append(f"{key} names {len(named):,} classes, and the model has no classifier: left out")
    if not named or not outputs or outputs > _MOST:
        if named and outputs:
            made.notes.append(
                f"{key} names {len(named):,} classes, more than the {_MOST:,} that a list of a spec holds: left out"
            )
        return
    taken: dict[str, int] = {}
    twice: list[str] = []
    for index in range(outputs):
        name = named.get(index, str(index))
        if name in taken:
            twice.append(name)
            while name in taken:
                name = f"{name} ({index})"
        taken[name] = index
    made.classes = tuple(taken)
    if len("".join(made.classes).encode()) > _BYTES:
        made.classes = ()
        made.notes.append(f"the names in {key} are longer than a spec may be: left out")
        return
    if twice:
        more = f" and {len(twice) - 3} more" if len(twice) > 3 else ""
        listed = ", ".join(shown(name) for name in twice[:3])
        made.notes.append(f"{key} has {listed}{more} more than once: the number of the output is added to the name")
    lacking = [index for index in range(outputs) if index not in named]
    beyond = [index for index in sorted(named) if index >= outputs]
    if lacking:
        made.notes.append(f"{key} has no name for output {_few(lacking)}: its number stands in `classes`")
    if beyond:
        made.notes.append(f"{key} names output {_few(beyond)}, and the model has {outputs}: left out")


def _few(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")
