"""What a data source gives: pictures with their labels, in parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...compiler.ops.base import Array, np
from ...diagnostics import Diagnostic, VitError
from ..preprocess import Preprocess
from .problems import Problems

#: What is odd about pictures (`constant: …`), with the pictures that are.
Odd = dict[str, set[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """`read` gives pictures by index as uint8 [n, H, W, C]; labels are int64 [n], or float32 [n, k] for a regression.

    `files` names the file of each picture; a source of arrays has none. `odd` and `problems` grow while pictures are read.
    """

    read: Callable[[Array], Array]
    labels: Array
    files: tuple[str, ...] = ()
    odd: Odd = field(default_factory=Odd)
    problems: Problems = field(default_factory=Problems)

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, indices: Array) -> "Images":
        """Some of them."""
        files = tuple(self.files[int(i)] for i in indices) if self.files else ()
        return Images(lambda wanted: self.read(indices[wanted]), self.labels[indices], files, self.odd, self.problems)

    def readable(self, indices: Array) -> tuple[Array, Array]:
        """Those of some pictures that can be read, and their labels; raises V0901 as `problems` decides.

        A picture that could not be read once is not tried again, so that every epoch leaves out the same ones.
        """
        if self.problems.bad:
            indices = np.asarray([i for i in indices if self.files[int(i)] not in self.problems.bad], np.int64)
        if not len(indices):
            return np.empty((0, 1, 1, 1), np.uint8), self.labels[:0]
        try:
            return self.read(indices), self.labels[indices]
        except VitError:
            if not self.files:
                raise
        kept = [i for i in indices if self._can_be_read(int(i))]
        return self.readable(np.asarray(kept, np.int64))

    def emptied(self) -> Array:
        """The labels of classes none of whose pictures can be read."""
        if not self.problems.bad or self.labels.dtype.kind == "f":
            return self.labels[:0]
        left = [file not in self.problems.bad for file in self.files]
        return np.setdiff1d(self.labels, self.labels[left])

    def _can_be_read(self, index: int) -> bool:
        try:
            self.read(np.asarray([index]))
        except VitError as problem:
            self.problems.skip({self.files[index]: problem})
            return False
        return True


@dataclass(frozen=True, slots=True)
class Parts:
    """Learned from, chosen on, reported on; the names of the classes in the order of the labels.

    `others` are classes of the source that were not chosen. `fingerprint` says what the data is, so that a resumed run can
    tell other data: for each part a line like `1,437 pictures, sha256 …`. `notes` are what there is to say before training.
    """

    train: Images
    validation: Images | None = None
    test: Images | None = None
    classes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    fingerprint: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[Diagnostic, ...] = ()

    def present(self) -> dict[str, Images]:
        """The parts that there are, by name."""
        every = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: images for name, images in every.items() if images is not None}

    def changed(self, how: Callable[[Images], Images], **others: Any) -> "Parts":
        """With every part changed in the same way."""
        return replace(self, **{name: how(images) for name, images in self.present().items()}, **others)


def in_memory(pixels: Array, labels: Array, preprocess: Preprocess) -> Images:
    """Pictures uint8 [n, H, W] or [n, H, W, C] that are at hand, resized once where the model takes another size."""
    from PIL import Image

    if pixels.ndim == 3:
        pixels = pixels[..., None]
    wanted = (preprocess.height, preprocess.width, preprocess.channels)
    if pixels.shape[1:] != wanted:
        pictures: list[Any] = [Image.fromarray(p.squeeze(-1) if p.shape[-1] == 1 else p) for p in pixels]
        pixels = np.stack([preprocess.pixels(picture) for picture in pictures])
    return Images(lambda indices: pixels[indices], labels)


def told(images: Images) -> list[Diagnostic]:
    """A warning for each thing that is odd about pictures of a part, with their number and the first."""
    found: list[Diagnostic] = []
    for remark, which in sorted(images.odd.items()):
        here = which.intersection(images.files)
        if here:
            text = f"{counted(len(here), 'picture')} of the {images.problems.part} part: {remark}; the first is `{min(here)}`"
            found.append(Diagnostic("V0908", text, severity="warning"))
    return found


def skipped(parts: Mapping[str, Images]) -> dict[str, list[str]]:
    """The files of each part that could not be read; nothing of parts without any."""
    return {part: sorted(images.problems.bad) for part, images in parts.items() if images.problems.bad}


def counted(number: int, what: str, several: str = "") -> str:
    """`1 picture`, `1,437 pictures`; `several` where no `s` makes the plural."""
    return f"{number:,} {what if number == 1 else several or f'{what}s'}"


def named(names: "list[str] | tuple[str, ...] | set[str]", most: int = 8) -> str:
    """Some names as text, sorted where they are a set."""
    names = sorted(names) if isinstance(names, set) else list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(f"`{name}`" for name in names[:most]) + more
