"""Arrays in an .npz: `images` uint8 [n, H, W] or [n, H, W, C], `labels` [n]; `test_images` and `test_labels` at will."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

from ....compiler.ops.base import Array, np
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
    arrays = _arrays(path)
    train = _images(path, arrays, "", preprocess)
    test = _images(path, arrays, "test_", preprocess) if "test_images" in arrays else None
    return Parts(train, test=test, classes=tuple(map(str, arrays.get("classes", np.empty(0)).ravel())))


def _arrays(path: Path) -> dict[str, Array]:
    """All of the file; what would not fit in half of the free memory is refused by what the archive says of itself."""
    import psutil

    problems = (OSError, ValueError, EOFError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > psutil.virtual_memory().available // 2:
            raise error("V0903", f"`{path}` unpacks to {size:,} bytes, more than half of the free memory", exit_status=3,
                        help="keep the pictures as files: image_folder(\"path\")")  # fmt: skip
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except problems as problem:
        raise error("V0903", f"`{path}` can't be read as npz: {str(problem)[:200]}", exit_status=3) from None


def _images(path: Path, arrays: dict[str, Array], prefix: str, preprocess: Preprocess) -> Images:
    pixels, labels = arrays.get(prefix + "images"), arrays.get(prefix + "labels")
    if pixels is None or labels is None:
        raise error("V0903", f"`{path}` lacks `{prefix}images` or `{prefix}labels`; it has {', '.join(arrays) or 'nothing'}",
                    exit_status=3)  # fmt: skip
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or (pixels.ndim == 4 and pixels.shape[-1] not in (1, 3)):
        raise error("V0903", f"`{prefix}images` is {pixels.dtype} {list(pixels.shape)}; pictures are uint8 [n, H, W] or [n, H, W, 1 or 3]",
                    exit_status=3)  # fmt: skip
    if labels.dtype.kind not in "iuf" or labels.ndim not in (1, 2) or (labels.ndim == 2 and labels.dtype.kind != "f"):
        raise error("V0903", f"`{prefix}labels` is {labels.dtype} {list(labels.shape)}; classes are integers [n], targets floats [n] or [n, k]",
                    exit_status=3)  # fmt: skip
    if len(labels) != len(pixels) or not pixels.size:
        raise error("V0903", f"`{path}` has {len(pixels)} pictures and {len(labels)} labels", exit_status=3)
    kind: Any = np.float32 if labels.dtype.kind == "f" else np.int64
    return in_memory(pixels, labels.astype(kind), preprocess)
