"""The folder of a run: what it was started with, and what may differ when it goes on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ...compiler.backends import torch_source
from ...compiler.driver import Compiled
from ...compiler.ir.program import Choice, Entry, Quantity
from ...grammar.diagnostics import VitError, error
from .records import write

FILE = "run.json"
#: May differ when a run goes on: the schedule then spans the new length.
FREE = "train.epochs"


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes the numbers of a run: the printed model, the sections `train` and `data` as written, how many pictures."""

    model: str
    settings: dict[str, str]
    images: int


def identity(compiled: Compiled, images: int) -> Identity:
    """Of a model and its sections."""
    sections = {
        kind: compiled.program.sections[kind] for kind in ("train", "data") if kind in compiled.program.sections
    }
    settings = {
        f"{kind}.{name}": written(entry.value)
        for kind, found in sections.items()
        for name, entry in found.entries.items()
    }
    source = torch_source.emit(compiled.program)
    return Identity(sha256(source.encode()).hexdigest(), settings, images)


def begin(run: Path, made: Identity, sets: Mapping[str, str]) -> None:
    """Makes the folder; raises V1103 where it holds a run already."""
    if holds(run):
        raise error(
            "V1103", f"`{run}` holds a run already", exit_status=3, help=f"--resume {run} goes on; -o takes another"
        )
    try:
        run.mkdir(parents=True, exist_ok=True)
        _write(run, made, sets)
    except OSError as problem:
        raise error("V0801", f"`{run}` can't be written: {problem.strerror}", exit_status=3) from None


def recorded(run: Path) -> dict[str, str]:
    """The `--set` that a run was started with; raises V1103 where there is none."""
    return _facts(run)["set"]


def go_on(run: Path, made: Identity, sets: Mapping[str, str]) -> None:
    """Raises V1102 where the run was started with something else that changes its numbers."""
    facts = _facts(run)
    before: dict[str, str] = facts["settings"]
    changed = [
        f"`{key}` was {before.get(key, 'not set')} and is {made.settings.get(key, 'not set')}"
        for key in sorted({*before, *made.settings})
        if key != FREE and before.get(key) != made.settings.get(key)
    ]
    changed += ["the model is another"] if facts["model"] != made.model else []
    changed += (
        [f"there were {facts['images']} pictures and are {made.images}"] if facts["images"] != made.images else []
    )
    if changed:
        raise error("V1102", f"`{run}` can't go on: {'; '.join(changed)}", exit_status=3,
                    help=f"only {FREE} may change; -o starts a run of its own")  # fmt: skip
    _write(run, made, sets)


def holds(run: Path) -> bool:
    """Whether a run was started there."""
    return (run / FILE).exists()


def _write(run: Path, made: Identity, sets: Mapping[str, str]) -> None:
    facts = {"model": made.model, "settings": made.settings, "images": made.images, "set": dict(sets)}
    write(run / FILE, json.dumps(facts, indent=2) + "\n")


def _facts(run: Path) -> dict[str, Any]:
    try:
        facts = json.loads((run / FILE).read_text(encoding="utf-8"))
        good = (
            isinstance(facts["set"], dict)
            and isinstance(facts["settings"], dict)
            and facts.keys() >= {"model", "images"}
        )
    except FileNotFoundError:
        raise error("V1103", f"`{run}` holds no run to go on with", exit_status=3) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise _unreadable(run) from None
    if not good:
        raise _unreadable(run)
    return facts


def _unreadable(run: Path) -> VitError:
    return error("V1103", f"`{run / FILE}` can't be read", exit_status=3)


def written(value: Any) -> str:
    """A value of a section in the language, so that what reads the same is the same."""
    match value:
        case None | True | False:
            return str(value).lower()
        case Choice():
            given = [written(e.value) for e in value.args]
            given += [f"{name} = {written(e.value)}" for name, e in value.kwargs.items()]
            return f"{value.name}({', '.join(given)})" if given else value.name
        case Quantity():
            return f"{value.value} {value.unit}"
        case list():
            return f"[{', '.join(written(item) for item in value)}]"  # type: ignore[reportUnknownVariableType] -- of any kind
        case dict():
            inner: dict[str, Entry] = value  # type: ignore[reportUnknownVariableType] -- sections have no other dicts
            return f"{{{', '.join(f'{json.dumps(key)} = {written(entry.value)}' for key, entry in inner.items())}}}"
        case str():
            return json.dumps(value)
        case _:
            return str(value)
