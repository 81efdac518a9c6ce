"""Which classes a model is trained on, in which order, and how they are displayed.

`classes` of the section `data` selects and orders by name. Only where a source has no names does it give them, by
position. `labels` changes what is displayed and nothing else.
"""

import json
import stat
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...compiler.ops.base import np
from ...diagnostics import Diagnostic, VitError, error
from ...diagnostics.source import Span
from ...diagnostics.suggest import close
from .images import Images, Parts, counted, named

#: A file of labels is not larger.
_LARGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """`classes` of the section `data` with its place; None where it is not set."""

    names: tuple[str, ...] | None = None
    span: Span | None = None

    def chosen(self, there: Sequence[str], what: str) -> tuple[str, ...]:
        """The names to train on, of those that are there; raises V0906 for one that is not. `what` has names: `folder`."""
        if self.names is None:
            return tuple(there)
        unknown = [name for name in self.names if name not in set(there)]
        if unknown:
            raise error("V0906", f"`classes` names {named(unknown)}: no {what} is called so; there is {named(tuple(there), 20)}",
                        self.span, help=_meant(unknown[0], there))  # fmt: skip
        return self.names


def _meant(name: str, there: Sequence[str]) -> str:
    """Which of the names may be meant."""
    composed = unicodedata.normalize("NFC", name)
    same = next((other for other in there if unicodedata.normalize("NFC", other) == composed), "")
    if same:
        return f"it is written {same!a} there and {name!a} here: the same characters in another Unicode form"
    like = close(name, there)
    return f"did you mean `{like}`?" if like else ""


#: Where `classes` is not set.
EVERY = Wanted()


def left_out(others: Sequence[str], pictures: int, span: Span | None) -> Diagnostic:
    """The note on classes that `classes` does not name."""
    return Diagnostic("V0907", f"`classes` leaves out {named(tuple(others))} with {counted(pictures, 'picture')}", span,
                      severity="note")  # fmt: skip


def selected(parts: Parts, wanted: Wanted) -> Parts:
    """The parts of a source of arrays with the classes that are wanted, labelled by their place in `classes`."""
    labels = [images.labels for images in parts.present().values()]
    if wanted.names is None or any(found.dtype.kind == "f" or found.min(initial=0) < 0 for found in labels):
        return replace(parts, classes=wanted.names or parts.classes)  # numbers have no names, and -1 is refused later
    if not parts.classes:
        return _by_position(parts, wanted.names, wanted.span)
    names = wanted.chosen(parts.classes, "class of the data")
    others = tuple(name for name in parts.classes if name not in names)
    new = np.array([names.index(name) if name in names else -1 for name in parts.classes])

    def relabelled(images: Images) -> Images:
        labels = new[images.labels]
        kept = images.subset(np.flatnonzero(labels >= 0))
        return replace(kept, labels=labels[labels >= 0])

    before = sum(map(len, parts.present().values()))
    found = parts.changed(relabelled, classes=names, others=others)
    for part, images in found.present().items():
        if not len(images):
            raise error("V0906", f"the {part} part holds no picture of {named(names)}", wanted.span)
    gone = before - sum(map(len, found.present().values()))
    return replace(found, notes=(*found.notes, left_out(others, gone, wanted.span))) if others else found


def _by_position(parts: Parts, names: tuple[str, ...], span: Span | None) -> Parts:
    note = Diagnostic("V0907", "the data has no class names, so `classes` names the labels 0, 1, … in this order", span,
                      severity="note")  # fmt: skip
    return replace(parts, classes=names, notes=(*parts.notes, note))


def displayed(parts: Parts, labels: "Mapping[str, str] | str | None", base: Path, span: Span | None) -> Parts:
    """With the classes by the names that are displayed: those of `labels`, else their own."""
    if labels is None:
        return parts
    if not parts.classes:
        raise error("V0906", "`labels` changes class names, and the data has none", span,
                    help="data { classes = [\"cat\", \"dog\"] }")  # fmt: skip
    shown, notes = texts(parts.classes, parts.others, labels, base, span)
    return replace(parts, classes=shown, notes=(*parts.notes, *notes))


def texts(classes: tuple[str, ...], others: Sequence[str], labels: "Mapping[str, str] | str", base: Path, span: Span | None
          ) -> tuple[tuple[str, ...], list[Diagnostic]]:  # fmt: skip
    """What classes are displayed as, and notes; `others` are names that `labels` may have besides. Raises V0906."""
    table, whole = (labels, False) if isinstance(labels, Mapping) else _read(base / labels, span)
    unknown = [name for name in table if name not in {*classes, *others}]
    notes: list[Diagnostic] = []
    if unknown and (not whole or len(unknown) == len(table)):
        help = "the keys are the names of classes, not their places" if all(map(str.isdecimal, unknown)) else ""
        raise error("V0906", f"`labels` has {named(unknown)}: no class is called so; there is {named(classes, 20)}", span,
                    help=help)  # fmt: skip
    for name, text in table.items():
        if not text or _unwritable(text):
            what = "is empty" if not text else "is no text in UTF-8"
            raise error("V0906", f"the label of `{name}` {what}", span)
    if unknown:
        notes.append(_note(f"`{labels}` has {counted(len(unknown), 'label')} for classes that the data lacks", span))
    plain = [name for name in classes if name not in table]
    if plain:
        notes.append(_note(f"`labels` lacks {named(plain)}: they are displayed as they are called", span))
    shown = tuple(table.get(name, name) for name in classes)
    twice = {text for text in shown if shown.count(text) > 1} if len(set(shown)) < len(shown) else set[str]()
    if twice:
        notes.append(_note(f"several classes are displayed as {named(twice)}", span))
    return shown, notes


def _unwritable(text: str) -> bool:
    """Whether a text can't be written in UTF-8: JSON may hold halves of characters."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _note(text: str, span: Span | None) -> Diagnostic:
    return Diagnostic("V0907", text, span, severity="note")


def _read(path: Path, span: Span | None) -> tuple[dict[str, str], bool]:
    """A JSON file of labels, and whether it is the index of a whole dataset, which may have more classes.

    Two forms are taken: {"n01440764": "tench"}, and ImageNet's {"0": ["n01440764", "tench"]}.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise error("V0903", f"`{path}` is not an ordinary file", span)
        if about.st_size > _LARGEST:
            raise ValueError(f"it has more than {_LARGEST:,} bytes")
        found: Any = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
        match found:
            case {**entries} if entries and all(isinstance(text, str) for text in entries.values()):
                return entries, False
            case {**entries} if entries and all(_pair(value) for value in entries.values()):
                return _once([(value[0], value[1]) for value in entries.values()]), True
            case _:
                raise _form(path, span)
    except OSError as problem:
        raise error("V0903", f"`{path}` can't be read: {problem.strerror}", span) from None
    except (ValueError, RecursionError) as problem:
        raise error("V0903", f"`{path}` can't be read as JSON: {str(problem)[:200]}", span) from None


def _pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(text, str) for text in value)  # type: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- of JSON


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose keys are unique."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"it has `{next(key for key in keys if keys.count(key) > 1)}` twice")
    return found


def _form(path: Path, span: Span | None) -> VitError:
    return error("V0903", f"`{path}` holds no labels", span,
                 help='it is {"n01440764": "tench"}, or ImageNet\'s {"0": ["n01440764", "tench"]}; '
                 "a list can't say which class is which")  # fmt: skip
