"""What a run was started with, as its record has it, and what may differ when it is resumed."""

import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...compiler.backends.torch.source import emit
from ...compiler.configuration import Choice, Entry, Quantity
from ...compiler.driver import Compiled
from ...compiler.elaborate.bundled import SPECS
from ...compiler.elaborate.library import Library
from ...diagnostics import VitError, error
from .. import artefact
from ..data.images import Parts
from ..preprocess import Preprocess
from .folder import Run
from .intact import epochs_of

#: May differ when a run is resumed: the schedule then spans the new length.
FREE = "train.epochs"
#: These too: they say when unreadable pictures stop a run, and change no number of one that goes on.
TOLERANCES = ("data.on_bad", "data.bad_limit")
#: The sections that make the numbers.
SECTIONS = ("train", "data", "weights")


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes the numbers of a run before any picture is read: the printed model by its hash, the sections `train`, `data`
    and `weights` as written, how pictures are prepared."""

    model_sha256: str
    settings: dict[str, str]
    preprocess: dict[str, Any]


def identity(compiled: Compiled, preprocess: Preprocess) -> Identity:
    """Of a model and its sections."""
    sections = {kind: compiled.program.sections[kind] for kind in SECTIONS if kind in compiled.program.sections}
    settings = {
        f"{kind}.{name}": written(entry.value)
        for kind, found in sections.items()
        for name, entry in found.entries.items()
    }
    source = emit(compiled.program)
    prepared: dict[str, Any] = json.loads(preprocess.as_json())
    del prepared["assumed"]  # a value is the same number, stated or not
    return Identity(sha256(source.encode()).hexdigest(), settings, prepared)


def texts(library: Library) -> dict[str, Any]:
    """The text of the spec and of every file that it uses, by names relative to its folder; without what comes with vitc,
    unless the spec itself does."""
    main = library.main.path.resolve()
    bundled, name = main.is_relative_to(SPECS), main.name if main.suffix == ".vit" else "stdin.vit"
    texts = {path.resolve(): module.source.text for path, module in library.modules.items()}
    files = {
        name if path == main else path.relative_to(main.parent).as_posix(): text
        for path, text in texts.items()
        if path.is_relative_to(main.parent) and (bundled or not path.is_relative_to(SPECS))
    }
    return {"main": name, "files": dict(sorted(files.items()))}


def session(device: str) -> dict[str, Any]:
    """What differs between one process that trains and the next: its command, device and versions."""
    names = ("vitc", "torch", "numpy")
    command = ["vitc" if Path(sys.argv[0]).name == "__main__.py" else Path(sys.argv[0]).name, *sys.argv[1:]]
    versions = {"python": platform.python_version(), **{name: version(name) for name in names}}
    return {"command": command, "device": device, "versions": versions}


def pictures(parts: Parts, classes: tuple[str, ...]) -> dict[str, Any]:
    """What the data is: for each part a line, and the names of the classes in order."""
    counts = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    lines = {name: f"{len(images):,} pictures" for name, images in counts.items() if images is not None}
    return {"data": {**lines, **parts.fingerprint}, "classes": list(classes)}


def begin(run: Run, made: Identity, facts: Mapping[str, Any]) -> None:
    """Writes the record; raises V0801."""
    run.begin({**facts, **asdict(made), "resumed": []})


def finished(run: Run, epochs: int) -> bool:
    """Whether all is done: every epoch trained, the test part scored, the export whole."""
    summary = run.facts["summary"]
    if summary is None or summary["epochs"] != epochs:
        return False
    try:
        artefact.opened(run.export)
    except VitError:
        return False
    return True


def resume(
    run: Run, made: Identity, sets: Mapping[str, str], spec: Mapping[str, Any], session: Mapping[str, Any]
) -> None:
    """Records that the run goes on here. The text that it was started with stays; a text that now differs from it, as it may
    in comments and names, is recorded beside the command."""
    other = {} if run.facts["spec"] == spec else {"spec": spec}
    entry = {"after": run.start, **session, **other}
    run.change(**asdict(made), set=dict(sets), resumed=[*run.facts["resumed"], entry])


def refuse_changed(run: Run, made: Identity, epochs: int) -> None:
    """Raises V1102 where the run was started with something else that makes its numbers, or has more epochs than are wanted."""
    before: dict[str, str] = run.facts["settings"]
    changed = _differences(before, made.settings)
    # How pictures are prepared follows from `data`, from the model's sheet, or from both.
    if not any(text.startswith("`data.") for text in changed):
        changed += _differences(run.facts["preprocess"], made.preprocess)
    changed += ["the model is not the same"] if run.facts["model_sha256"] != made.model_sha256 else []
    _refuse(run, changed, f"only {FREE}, {' and '.join(TOLERANCES)} may change; -o starts another run")
    done = epochs_of(run.start)
    if done > epochs:
        _refuse(run, [f"{done} epochs are trained, {FREE} asks for {epochs}"], f"set {FREE} to {done} or more")


def refuse_others(run: Run, found: Mapping[str, Any], help: str) -> None:
    """Raises V1102 where something that was found (pictures, weights) is not as it is in the record."""
    changed: list[str] = []
    for key, value in found.items():
        if value != run.facts[key]:
            if isinstance(value, dict):
                changed += _differences(run.facts[key], value, f"{key} ")  # type: ignore[reportUnknownArgumentType] -- of any kind
            else:
                changed.append(f"{key} were {json.dumps(run.facts[key])} and are {json.dumps(value)}")
    _refuse(run, changed, help)


def _refuse(run: Run, changed: list[str], help: str) -> None:
    if changed:
        raise error("V1102", f"`{run.path}` can't be resumed: {'; '.join(changed)}", help=help)


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], what: str = "") -> list[str]:
    found: list[str] = []
    for key in sorted({*before, *now}):
        old, new = before.get(key, "not set"), now.get(key, "not set")
        if isinstance(old, dict) and isinstance(new, dict):
            found += _differences(old, new, what)  # type: ignore[reportUnknownArgumentType] -- of any kind
        elif key not in (FREE, *TOLERANCES) and old != new:
            found.append(f"{what}`{key}` was {old} and is {new}")
    return found


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
