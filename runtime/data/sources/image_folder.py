"""A folder a class, pictures inside: the layout of ImageNet and of torchvision's `ImageFolder`."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ....compiler.ops.base import Array, np
from ....diagnostics import Diagnostic, error
from ...preprocess import Preprocess
from .. import fingerprint, folders
from ..classes import Wanted, left_out
from ..folders import Listing
from ..images import Images, Odd, Parts, counted, named
from . import Source


class ImageFolder(Source):
    """Paths are relative to the spec. Without `validation` and `test`, folders in `path` named like parts are the parts."""

    path: str
    validation: str | None = None
    test: str | None = None

    def read(self, base: Path, preprocess: Preprocess, wanted: Wanted) -> Parts:
        """Pictures are decoded when asked for, by threads: Pillow releases Python's lock meanwhile."""
        if preprocess.channels not in (1, 3):
            raise error("V0904", f"pictures have 1 or 3 channels, the model takes {preprocess.channels}")
        root = base / self.path
        given = {part: base / path for part, path in (("validation", self.validation), ("test", self.test)) if path}
        for folder in (root, *given.values()):
            if not folder.is_dir():
                raise error("V0902", f"there is no folder `{folder}`")
        found, classes, notes = folders.parts(root, given)
        if problem := folders.refuse_same(found):
            raise problem
        names = wanted.chosen(tuple(classes), "folder")
        others = tuple(name for name in classes if name not in set(names))
        if others:
            gone = sum(len(folders.pictures(classes[name]).pictures) for name in others)
            notes.append(left_out(others, gone, wanted.span))
        pool = ThreadPoolExecutor(os.cpu_count(), "decode")
        parts, prints = dict[str, Images](), dict[str, str]()
        learned = set[tuple[int, int]]()
        for part, folder in sorted(found.items(), key=lambda each: each[0] != "train"):  # the training part comes first
            there = classes if part == "train" else _other_part(folder, names, others)
            listed = {name: folders.pictures(there[name]) for name in names if name in there}
            notes += _checked(folder, part, listed, names)
            reached = {place: name for name, listing in listed.items() for place in listing.places}
            if both := learned & set(reached):
                name = reached[min(both)]
                raise error("V0902", f"the {part} part and the training part share a folder: links in `{there[name]}` lead there",
                            help="scores on pictures that were learned from mean nothing: remove the link")  # fmt: skip
            learned |= set(reached) if part == "train" else set()
            if number := folders.loose(folder):
                notes.append(Diagnostic("V0908", f"{counted(number, 'picture')} in `{folder}` in no folder of a class: not read",
                                        severity="warning"))  # fmt: skip
            parts[part] = _images(folder, there, listed, names, preprocess, pool)
            prints[part] = fingerprint.of_files(
                (f"{name}/{path}", size, name) for name, listing in listed.items() for path, size in listing.pictures
            )
        return Parts(
            parts["train"],
            parts.get("validation"),
            parts.get("test"),
            classes=names,
            others=others,
            fingerprint=prints,
            notes=tuple(notes),
        )


def _other_part(folder: Path, names: tuple[str, ...], others: tuple[str, ...]) -> dict[str, Path]:
    """The classes of a part that is not learned from; raises V0902 for one that the training part lacks."""
    there = folders.subfolders(folder)
    extra = sorted({*there} - {*names, *others})
    if extra:
        raise error("V0902", f"`{folder}` has classes that the training part lacks: {', '.join(extra[:8])}")
    return there


def _checked(folder: Path, part: str, listed: dict[str, Listing], names: tuple[str, ...]) -> list[Diagnostic]:
    """What is to be said of a part; raises V0902 where a class that is learned has no picture, or the part has none."""
    passed = sum((listing.passed for listing in listed.values()), Counter[str]())
    empty = [name for name in names if name not in listed or not listed[name].pictures]
    if empty and part == "train":
        why = folders.passed_over(listed[empty[0]].passed)
        more = f"; nor do {named(empty[1:])}" if empty[1:] else ""
        raise error("V0902", f"`{folder / empty[0]}` holds no pictures{f', passed over: {why}' if why else ''}{more}",
                    help=folders.decoders(passed) or "a folder a class, pictures inside")  # fmt: skip
    if len(empty) == len(names):
        why = folders.passed_over(passed)
        raise error("V0902", f"`{folder}` holds no pictures of {named(names)}{f', passed over: {why}' if why else ''}",
                    help=folders.decoders(passed) or "a folder a class, pictures inside")  # fmt: skip
    notes: list[Diagnostic] = []
    if empty:
        notes.append(Diagnostic("V0907", f"the {part} part has no picture of {named(empty)}", severity="warning"))
    if passed:
        notes.append(Diagnostic("V0908", f"passed over in `{folder}`: {folders.passed_over(passed)}",
                                help=folders.decoders(passed), severity="note"))  # fmt: skip
    shared = _shared(listed)
    if shared:
        notes.append(Diagnostic("V0907", f"links make {named(shared)} share a folder of pictures", severity="warning"))
    return notes


def _shared(listed: dict[str, Listing]) -> tuple[str, ...]:
    """The first two classes that hold the same folder."""
    owner: dict[tuple[int, int], str] = {}
    for name, listing in listed.items():
        for place in listing.places:
            if owner.setdefault(place, name) != name:
                return owner[place], name
    return ()


def _images(folder: Path, there: dict[str, Path], listed: dict[str, Listing], names: tuple[str, ...], preprocess: Preprocess,
            pool: ThreadPoolExecutor) -> Images:  # fmt: skip
    files = tuple(str(there[name] / path) for name, listing in listed.items() for path, _ in listing.pictures)
    place = {name: index for index, name in enumerate(names)}
    labels = [place[name] for name, listing in listed.items() for _ in listing.pictures]
    odd = Odd()

    def decoded(file: str) -> Array:
        return preprocess.decoded(Path(file), lambda remark: odd.setdefault(remark, set()).add(file))

    def read(indices: Array) -> Array:
        return np.stack(list(pool.map(decoded, [files[int(i)] for i in indices])))

    return Images(read, np.asarray(labels, np.int64), files, odd)
