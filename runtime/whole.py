"""Files that are written whole or not at all."""

import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ..grammar.diagnostics import error


@contextmanager
def whole(path: Path) -> Generator[BinaryIO]:
    """A file to write into that takes the place of `path` at the end of the block, on the disk before it does.

    Until then it lies beside `path` under a drawn name, and it is gone where the block raises. An ordinary file is replaced:
    whether it may be is the caller's question. Raises V1008 where `path` is a link, a folder or a device, which stay as
    they are, and V0801 where the disk refuses.
    """
    _refuse_irregular(path)
    part = path.with_name(f".vitc-part-{secrets.token_hex(8)}")
    try:
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
    except OSError as problem:
        raise error("V0801", f"`{path}` can't be written: {problem.strerror or problem}", exit_status=3) from None


def _refuse_irregular(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # it is not there, or opening says why it can't be
    kinds = ((stat.S_ISREG, ""), (stat.S_ISLNK, "a link"), (stat.S_ISDIR, "a folder"))
    kind = next((name for holds, name in kinds if holds(mode)), "a device or a pipe")
    if kind:
        raise error(
            "V1008", f"`{path}` is {kind}: it stays as it is", exit_status=3, help="choose another path with -o"
        )
