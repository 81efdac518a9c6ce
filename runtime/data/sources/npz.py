"""Arrays in an .npz: `images` uint8 [n, H, W] or [n, H, W, C], `labels` [n]; `test_images` and `test_labels` at will."""

from pathlib import Path
from typing import Any

import numpy as np

from ....compiler.ops.base import Array
from ....grammar.diagnostics import error
from ...preprocess import Preprocess
from ...sections.values import Strict
from ..images import Images, Parts, in_memory


class Settings(Strict):
    """`path` is relative to the spec."""

    path: str


def read(settings: Settings, base: Path, preprocess: Preprocess) -> Parts:
    """Labels that are integers are classes, floats are targets of a regression; `classes` may hold the names."""
    path = base / settings.path
    if not path.is_file():
        raise error("V0902", f"there is no data `{path}`", exit_status=3)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, Array] = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError) as problem:
        raise error("V0903", f"`{path}` can't be read as npz: {problem}", exit_status=3) from None
    train = _images(path, arrays, "", preprocess)
    test = _images(path, arrays, "test_", preprocess) if "test_images" in arrays else None
    return Parts(train, test=test, classes=tuple(map(str, arrays.get("classes", np.empty(0)))))


def _images(path: Path, arrays: dict[str, Array], prefix: str, preprocess: Preprocess) -> Images:
    pixels, labels = arrays.get(prefix + "images"), arrays.get(prefix + "labels")
    if pixels is None or labels is None:
        raise error("V0903", f"`{path}` lacks `{prefix}images` or `{prefix}labels`; it has {', '.join(arrays) or 'nothing'}",
                    exit_status=3)  # fmt: skip
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or (pixels.shape[-1] not in (1, 3) and pixels.ndim == 4):
        raise error("V0903", f"`{prefix}images` is {pixels.dtype} {list(pixels.shape)}; pictures are uint8 [n, H, W] or [n, H, W, 1 or 3]",
                    exit_status=3)  # fmt: skip
    if len(labels) != len(pixels) or labels.dtype.kind not in "iuf" or not len(labels):
        raise error("V0903", f"{len(pixels)} pictures, {len(labels)} labels of type {labels.dtype}", exit_status=3)
    kind: Any = np.float32 if labels.dtype.kind == "f" else np.int64
    return in_memory(pixels, labels.astype(kind), preprocess)
