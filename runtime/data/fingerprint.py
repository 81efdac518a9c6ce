"""A line of text that says what the pictures of a part are, so that a run is not resumed on others."""

from collections.abc import Iterable
from hashlib import sha256
from os import fsencode
from typing import Any

from ...compiler.ops.base import Array, np

#: Arrays up to so many bytes are hashed whole.
WHOLE = 10**9
#: Of larger ones so many blocks are, drawn by a fixed seed.
BLOCKS, BLOCK = 1_000, 65_536


def of_files(files: Iterable[tuple[str, int, str]]) -> str:
    """Of relative paths, sizes in bytes, and labels."""
    found, count = sha256(), 0
    for path, size, label in files:
        found.update(b"%b\0%d\0%b\0" % (fsencode(path), size, fsencode(label)))
        count += 1
    return f"{count:,} pictures, sha256 {found.hexdigest()} of their paths, sizes and classes"


def of_arrays(pixels: Array, labels: Array, names: tuple[str, ...] = ()) -> str:
    """Of all that the arrays hold; of arrays above 1 GB, of their types, their shapes and 1,000 drawn blocks of 64 KiB."""
    found = sha256()
    for array in (pixels, labels):
        found.update(f"{array.dtype.str} {array.shape}\0".encode())
        data: Any = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        if pixels.nbytes <= WHOLE:
            found.update(data)
            continue
        for start in np.sort(np.random.default_rng(0).integers(0, max(1, len(data) - BLOCK), BLOCKS)):
            found.update(data[start : start + BLOCK])
    found.update("\0".join(names).encode(errors="surrogatepass"))
    what = "their content" if pixels.nbytes <= WHOLE else "their header and 1,000 drawn blocks"
    return f"{len(pixels):,} pictures, sha256 {found.hexdigest()} of {what}"
