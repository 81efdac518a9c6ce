"""Arrays in an .npz: `images` uint8 [n, H, W] or [n, H, W, C], `labels` [n]; optionally `test_images`, `test_labels`, `classes`."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

from ....compiler.ops.base import Array, np
from ....diagnostics import error
from ...preprocess import Preprocess
from ..classes import Wanted, selected
from ..fingerprint import of_arrays
from ..images import Images, Parts, in_memory, named
from . import Source


class Npz(Source):
    """`path` is relative to the spec."""

    path: str

    def read(self, base: Path, preprocess: Preprocess, wanted: Wanted) -> Parts:
        """Labels that are integers are classes, floats are targets of a regression; `classes` may hold the names."""
        path = base / self.path
        if not path.is_file():
            raise error("V0902", f"there is no data `{path}`")
        arrays = _arrays(path)
        names = _names(path, arrays)
        parts, prints = dict[str, Images](), dict[str, str]()
        for part, prefix in (("train", ""), ("test", "test_")):
            if part == "train" or "test_images" in arrays or "test_labels" in arrays:
                pixels, labels = _checked(path, arrays, prefix)
                if names and labels.dtype.kind != "f" and labels.max() >= len(names):
                    raise error("V0903", f"`{path}` has {len(names)} class names, and `{prefix}labels` goes up to {labels.max()}")  # fmt: skip
                parts[part], prints[part] = in_memory(pixels, labels, preprocess), of_arrays(pixels, labels, names)
        return selected(Parts(parts["train"], test=parts.get("test"), classes=names, fingerprint=prints), wanted)


def _arrays(path: Path) -> dict[str, Array]:
    """All of the file; what would not fit in half of the free memory is refused by what the archive says of itself."""
    import psutil

    problems = (OSError, ValueError, EOFError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > psutil.virtual_memory().available // 2:
            raise error("V0903", f"`{path}` unpacks to {size:,} bytes, more than half of the free memory",
                        help="keep the pictures as files: image_folder(\"path\")")  # fmt: skip
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except problems as problem:
        raise error("V0903", f"`{path}` can't be read as npz: {str(problem)[:200]}") from None


def _names(path: Path, arrays: dict[str, Array]) -> tuple[str, ...]:
    found = arrays.get("classes", np.empty(0, "U1"))
    if found.dtype.kind not in "USiu" or found.ndim != 1:
        raise error("V0903", f"`classes` of `{path}` is {found.dtype} {list(found.shape)}; names are texts [n]")
    try:
        names = tuple(name.decode() if isinstance(name, bytes) else str(name) for name in found.tolist())
        "".join(names).encode()
    except UnicodeError:
        raise error("V0903", f"`classes` of `{path}` is no text in UTF-8") from None
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set[str]()
    if twice:
        raise error("V0903", f"`classes` of `{path}` has {named(twice)} twice")
    return names


def _checked(path: Path, arrays: dict[str, Array], prefix: str) -> tuple[Array, Array]:
    """The pictures and labels of a part, as uint8 and as int64 or float32; raises V0903 where they are not what is taken."""
    pixels, labels = arrays.get(prefix + "images"), arrays.get(prefix + "labels")
    if pixels is None or labels is None:
        raise error("V0903", f"`{path}` lacks `{prefix}images` or `{prefix}labels`; it has {', '.join(arrays) or 'nothing'}")  # fmt: skip
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or (pixels.ndim == 4 and pixels.shape[-1] not in (1, 3)):
        raise error("V0903", f"`{prefix}images` is {pixels.dtype} {list(pixels.shape)}; pictures are uint8 [n, H, W] or [n, H, W, 1 or 3]",
                    help=_conversion(pixels))  # fmt: skip
    if labels.dtype.kind not in "iuf" or labels.ndim not in (1, 2) or (labels.ndim == 2 and labels.dtype.kind != "f"):
        raise error("V0903", f"`{prefix}labels` is {labels.dtype} {list(labels.shape)}; classes are integers [n], targets floats [n] or [n, k]")  # fmt: skip
    if len(labels) != len(pixels) or not pixels.size:
        raise error("V0903", f"`{path}` has {len(pixels)} pictures and {len(labels)} labels")
    kind: Any = np.float32 if labels.dtype.kind == "f" else np.int64
    return pixels, labels.astype(kind)


def _conversion(pixels: Array) -> str:
    """How to make uint8 pictures of an array, by the range of its values."""
    if pixels.dtype.kind not in "biuf" or not pixels.size:
        return ""
    if pixels.ndim == 4 and pixels.shape[-1] not in (1, 3) and pixels.shape[1] in (1, 3):
        return "channels come last: `images.transpose(0, 2, 3, 1)`"
    low, high = float(pixels.min()), float(pixels.max())
    if not low >= -1 or pixels.dtype == np.uint8:  # NaN too
        return ""
    if low < 0:
        return "from -1 to 1: `((images + 1) * 127.5).round().astype('uint8')`" if high <= 1 else ""
    if high <= 1:
        return "from 0 to 1: `(images * 255.0).round().astype('uint8')`"
    if high <= 255:
        return "from 0 to 255: `images.round().astype('uint8')`"
    bits = next((bits for bits in (12, 16) if high < 1 << bits), 0)
    return f"{bits} bits: `(images.astype('uint32') >> {bits - 8}).astype('uint8')`" if bits else ""
