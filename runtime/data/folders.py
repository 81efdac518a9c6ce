"""What stands in a folder of pictures: its parts, its classes, and the pictures of each.

Links to folders are followed. A folder that is reached a second time inside a class, by a loop or by two links, counts
once, under the first name in sorted order.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...diagnostics import Diagnostic, VitError, error
from ..pictures import OPTIONAL, SUFFIXES, missing
from .images import counted, named

#: How the folders of the parts may be called, in any case.
PARTS = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
#: What systems and programs leave in folders; names that begin with a dot are passed over too.
_LEFT_BEHIND = {
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "thumbs.db",
    "desktop.ini",
}

_Place = tuple[int, int]


@dataclass(slots=True)
class Listing:
    """The pictures of a class as paths relative to its folder, with their sizes in bytes; what was passed over, and why;
    the folders that were looked through."""

    pictures: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    passed: Counter[str] = field(default_factory=Counter[str])
    places: set[_Place] = field(default_factory=set[_Place])


def subfolders(folder: Path) -> dict[str, Path]:
    """The folders in a folder by their names, sorted, links followed; raises V0902 where it can't be listed."""
    return {entry.name: Path(entry.path) for entry in _entries(folder) if entry.is_dir()}


def pictures(folder: Path) -> Listing:
    """The pictures at any depth below the folder of a class."""
    found = Listing()
    above = (folder, *folder.absolute().parents, *folder.resolve().parents)  # what a loop leads back to
    seen = {place for outer in above if (place := _place(outer))}
    found.places = {place for place in [_place(folder)] if place}
    pending = [(folder, "")]
    while pending:
        inside, prefix = pending.pop()
        deeper: list[tuple[Path, str]] = []
        for entry in _entries(inside):
            path = Path(entry.path)
            reason = _kind(entry)
            if reason == "folder":
                place = _place(path)
                if place in seen:
                    found.passed[_REACHED] += 1
                elif place:
                    seen.add(place)
                    found.places.add(place)
                    deeper.append((path, f"{prefix}{entry.name}/"))
            elif reason:
                found.passed[reason] += 1
            else:
                found.pictures.append((prefix + entry.name, entry.stat().st_size))
        pending += reversed(deeper)
    found.pictures.sort(key=lambda picture: picture[0].split("/"))
    return found


def loose(folder: Path) -> int:
    """How many pictures stand beside the folders of the classes."""
    return sum(not _kind(entry) for entry in _entries(folder))


def passed_over(passed: Counter[str]) -> str:
    """What was passed over, as a text: `6 files end in .heic, 1 file has no suffix`."""
    texts = [
        reason.format(counted(number, "file"), counted(number, "folder")) for reason, number in passed.most_common(8)
    ]
    return ", ".join(texts) + (f" and {len(passed) - 8} more kinds" if len(passed) > 8 else "")


def decoders(passed: Counter[str]) -> str:
    """How to get the decoders for what was passed over for the lack of one."""
    return "; ".join(sorted({get for reason in passed if (get := missing("." + reason.rpartition(".")[2]))}))


_REACHED = "{1} reached before"
_NOWHERE = "{0} can't be reached"
_IRREGULAR = "{0} not regular"


def _kind(entry: "os.DirEntry[str]") -> str:
    """`folder`, nothing for a picture, or why the entry is passed over."""
    try:
        mode = entry.stat().st_mode
    except OSError:  # a link that leads nowhere, or in a circle
        return _NOWHERE
    suffix = os.path.splitext(entry.name)[1].lower()
    if stat.S_ISDIR(mode):
        return "folder"
    if not suffix:
        return "{0} without a suffix"
    if suffix not in SUFFIXES and (suffix not in OPTIONAL or missing(suffix)):
        return "{0} ending in " + suffix.replace("{", "{{").replace("}", "}}")
    return "" if stat.S_ISREG(mode) else _IRREGULAR


def _entries(folder: Path) -> "Iterator[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        raise error("V0902", f"there is no folder `{folder}`") from None
    except OSError as problem:
        raise error("V0902", f"`{folder}` can't be listed: {problem.strerror}") from None
    for entry in entries:
        if not entry.name.startswith(".") and entry.name.lower() not in _LEFT_BEHIND:
            yield entry


def _place(folder: Path) -> _Place | None:
    """What is the same for all paths to a folder."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


# ---- parts -----------------------------------------------------------------------------------------------------------


def parts(root: Path, given: dict[str, Path]) -> tuple[dict[str, Path], dict[str, Path], list[Diagnostic]]:
    """The folders of the parts, the classes of the training part, and what is to be said; raises V0902.

    `given` are parts that the spec names. With a folder of the training part in `root` the folders named like parts are
    the parts. Without one `root` is the training part; a folder in it that is named like a part is that part if it holds
    folders of the same classes, and a class otherwise.
    """
    there = {name: path for name, path in subfolders(root).items() if not _is_given(path, given)}
    like = {name: PARTS[name.casefold()] for name in there if name.casefold() in PARTS}
    ordinary = {name for name in there if name not in like}
    training = [name for name in like if like[name] == "train" and (subfolders(there[name]) or not ordinary)]
    if not training:
        used = [name for name in like if like[name] != "train" and ordinary & set(subfolders(there[name]))]
        classes = {name: path for name, path in there.items() if name not in used}
        if classes and not ordinary:
            raise error("V0902", f"`{root}` has no training part and no folder of a class: it holds {named(tuple(like))}",
                        help="`train/CLASS/PICTURE` and `val/CLASS/PICTURE`, or `CLASS/PICTURE`")  # fmt: skip
        why = "there is no folder of the training part"
        notes = [_said(root, [name for name in like if name not in used], f"is taken as a class: {why}")]
        notes += [_said(root, used, f"is taken as a part: {why}")]
        return (
            {"train": root, **_found(root, there, like, used), **given},
            _classes(root, classes),
            [n for n in notes if n],
        )
    used = [name for name in like if name in training or (like[name] not in given and subfolders(there[name]))]
    unused = [name for name in there if name not in used]
    found = {**_found(root, there, like, used), **given}
    return (
        found,
        _classes(found["train"], subfolders(found["train"])),
        [n for n in [_said(root, unused, "is not read: it is no part with folders of classes")] if n],
    )


def _found(root: Path, there: dict[str, Path], like: dict[str, str], used: list[str]) -> dict[str, Path]:
    """The folder of each part; raises V0902 where two folders mean the same."""
    for name in used:
        same = [other for other in used if like[other] == like[name]]
        if len(same) > 1:
            raise error("V0902", f"{named(same)} in `{root}` all mean the {like[name]} part",
                        help="rename or move all but one of them")  # fmt: skip
    return {like[name]: there[name] for name in used}


def _classes(folder: Path, found: dict[str, Path]) -> dict[str, Path]:
    """The folders of the classes of the training part; raises V0902 where they can't be that."""
    if not found:
        raise error("V0902", f"`{folder}` holds no folder of a class", help="a folder a class, pictures inside")
    if all(name.casefold() in PARTS for name in found):
        raise error("V0902", f"the classes of `{folder}` would be {named(tuple(found))}, which are names of parts",
                    help="`path` names the folder in which the parts are")  # fmt: skip
    for name in found:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise error("V0902", f"a folder of `{folder}` has a name that is no text in UTF-8: {name!a}",
                        help="rename it") from None  # fmt: skip
    return found


def _is_given(path: Path, given: dict[str, Path]) -> bool:
    return any(_place(path) == _place(other) for other in given.values())


def _said(root: Path, names: list[str], what: str) -> Diagnostic | None:
    return Diagnostic("V0907", f"{named(names)} in `{root}` {what}", severity="warning") if names else None


def refuse_same(found: dict[str, Path]) -> VitError | None:
    """V0902 where the training folder is another part as well: scores on pictures that were learned from mean nothing."""
    for part in ("validation", "test"):
        if part in found and _place(found[part]) == _place(found["train"]):
            return error("V0902", f"the {part} part and the training part are the same folder, `{found[part]}`")
    return None
