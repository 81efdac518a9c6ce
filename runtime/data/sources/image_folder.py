"""A folder a class, pictures inside: the layout of ImageNet and of torchvision's `ImageFolder`."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ....compiler.ops.base import Array, np
from ....grammar.diagnostics import error
from ...pictures import OPTIONAL, SUFFIXES
from ...preprocess import Preprocess
from ...sections.values import Strict
from ..images import Images, Parts

#: What the folders of the parts are called where `path` holds them.
TRAIN, VALIDATION, TEST = ("train",), ("val", "validation", "valid"), ("test",)
#: Up to so many pictures have their headers read before anything starts; of more, each is met when its turn comes.
LOOKED_AT = 20_000


class Settings(Strict):
    """Paths are relative to the spec. Without `validation` and `test`, folders `train`, `val` and `test` inside `path` are
    the parts, where they exist."""

    path: str
    validation: str | None = None
    test: str | None = None


def read(settings: Settings, base: Path, preprocess: Preprocess) -> Parts:
    """Pictures are decoded when asked for, by threads: Pillow lets go of Python's lock meanwhile."""
    root = base / settings.path
    if not root.is_dir():
        raise error("V0902", f"there is no folder `{root}`", exit_status=3)
    train = _inside(root, TRAIN) or root
    validation = base / settings.validation if settings.validation else _inside(root, VALIDATION)
    test = base / settings.test if settings.test else _inside(root, TEST)
    names = tuple(sorted(p.name for p in train.iterdir() if p.is_dir() and not p.name.startswith(".")))
    if not names:
        raise error(
            "V0902", f"`{train}` holds no folder of a class", exit_status=3, help="a folder a class, pictures inside"
        )
    pool = ThreadPoolExecutor(os.cpu_count(), "decode")
    parts = [_images(part, names, preprocess, pool) if part else None for part in (train, validation, test)]
    assert parts[0] is not None
    return Parts(parts[0], parts[1], parts[2], names)


def _inside(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir()), None)


def _images(folder: Path, names: tuple[str, ...], preprocess: Preprocess, pool: ThreadPoolExecutor) -> Images:
    listed = _listed(folder, names)
    paths = [path for path, _ in listed]
    if len(paths) <= LOOKED_AT:
        list(pool.map(preprocess.looked_at, paths))

    def decoded(indices: Array) -> Array:
        return np.stack(list(pool.map(preprocess.decoded, [paths[int(i)] for i in indices])))

    return Images(decoded, np.asarray([label for _, label in listed], np.int64))


def _listed(folder: Path, names: tuple[str, ...]) -> list[tuple[Path, int]]:
    """The pictures of a part with the number of their class, in the order of their names."""
    if not folder.is_dir():
        raise error("V0902", f"there is no folder `{folder}`", exit_status=3)
    extra = {p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")} - set(names)
    if extra:
        raise error("V0902", f"`{folder}` has classes that the training part lacks: {', '.join(sorted(extra)[:5])}",
                    exit_status=3)  # fmt: skip
    listed = [
        (path, index)
        for index, name in enumerate(names)
        for path in sorted((folder / name).rglob("*"))
        if path.suffix.lower() in SUFFIXES or path.suffix.lower() in OPTIONAL
    ]
    if not listed:
        raise error("V0902", f"`{folder}` holds no pictures of {', '.join(names[:5])}", exit_status=3,
                    help="a folder a class, pictures inside")  # fmt: skip
    return listed
