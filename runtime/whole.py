"""Files that are written whole or not at all."""

import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ..diagnostics import error


@contextmanager
def whole(path: Path) -> Generator[BinaryIO]:
    """A file to write into that takes the place of `path` at the end of the block, on the disk before it does.

    Until then it lies beside `path` under a drawn name, and it is gone where the block raises. An ordinary file is replaced:
    whether it may be is the caller's question. Raises V1008 where `path` is a link, a folder or a device, which stay as
    they are, and V0801 where the disk refuses.
    """
    _refuse_irregular(path)
    try:
        with staged_as(path.with_name(f".vitc-part-{secrets.token_hex(8)}"), path) as file:
            yield file
    except OSError as problem:
        raise error("V0801", f"`{path}` can't be written: {problem.strerror or problem}") from None


@contextmanager
def staged_as(part: Path, path: Path) -> Generator[BinaryIO]:
    """A new file `part` to write into, which becomes `path` at the end of the block, once the disk has it. It is gone where
    the block raises. A link in the place of `path` is replaced, not followed. Raises `OSError`."""
    # never through a link, and with the permissions that the user's umask leaves
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def refuse_taken(path: Path, *, force: bool) -> None:
    """Raises V1008 where the file to write is there already and `force` does not say that it may be replaced."""
    if os.path.lexists(path) and not force:
        help = "--force writes over it; -o takes another"
        raise error("V1008", f"`{path}` is there already", help=help, status=2)


def refuse_link(folder: Path) -> None:
    """Raises V0809 where the folder to write into is a symbolic link. Those above it may be links."""
    if folder.is_symlink():
        raise error("V0809", f"`{folder}` is a symbolic link, and nothing is written through one",
                    help=f"name the folder itself: {os.path.realpath(folder)}")  # fmt: skip


def _refuse_irregular(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # it is not there, or opening says why it can't be
    kinds = ((stat.S_ISREG, ""), (stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"))
    kind = next((name for holds, name in kinds if holds(mode)), "a device or a pipe")
    if kind:
        raise error("V1008", f"`{path}` is {kind}: it stays as it is", help="choose another path with -o")
