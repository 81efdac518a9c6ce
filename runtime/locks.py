"""Locks on folders and files. The operating system releases them when the process that holds them ends, however it ends."""

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any


def _optional(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


#: `fcntl` exists on POSIX systems, `msvcrt` on Windows.
_fcntl, _msvcrt = _optional("fcntl"), _optional("msvcrt")
#: What `flock` says on a file system that knows no locks (some network and FUSE mounts); EBADF is NFS on Linux, which locks
#: only what is open for writing, as a folder never is.
_UNSUPPORTED = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK, errno.EBADF}
#: Seconds between two tries where the system can't wait by itself.
_PAUSE = 0.1
_held = set[int]()


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Generator[None]:
    """Holds the exclusive lock of an existing folder or file during the block.

    One process or thread has it at a time; another one waits, or gets a `BlockingIOError` with `wait=False`. It ends with
    the block or with the process, even a killed one; a forked child does not keep it. Nothing is written to `path`. Raises
    `OSError` where `path` can't be opened.

    POSIX: `flock` on `path` itself, which on a network file system holds between the processes of one machine. Windows
    locks no folders, so there it is the first byte of an empty file in the temporary folder, named after `path`. Without
    `fcntl` and `msvcrt`, or on a file system without locks, the block runs unlocked.
    """
    beside = None if _fcntl or not _msvcrt else _stand_in(path)
    handle = os.open(path, os.O_RDONLY) if beside is None else os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    _held.add(handle)
    try:
        if _fcntl:
            _flock(handle, wait)
        elif _msvcrt:
            _lock_byte(handle, wait)
        yield
    finally:
        _held.discard(handle)
        os.close(handle)
        if beside is not None:
            with suppress(OSError):  # somebody else has it open
                beside.unlink()


def _flock(handle: int, wait: bool) -> None:
    try:
        _fcntl.flock(handle, _fcntl.LOCK_EX | (0 if wait else _fcntl.LOCK_NB))
    except OSError as problem:
        if problem.errno not in _UNSUPPORTED:
            raise


def _lock_byte(handle: int, wait: bool) -> None:
    while True:
        try:
            _msvcrt.locking(handle, _msvcrt.LK_NBLCK, 1)
        except OSError as problem:
            if not wait:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from problem
            time.sleep(_PAUSE)
        else:
            return


def _stand_in(path: Path) -> Path:
    """The file whose lock is that of `path`; raises `OSError` where `path` is missing."""
    name = os.path.normcase(path.resolve(strict=True))
    return Path(tempfile.gettempdir()) / f"vitc-{hashlib.sha256(name.encode()).hexdigest()[:32]}.lock"


def _close_in_child() -> None:
    """A lock of `flock` lives as long as any copy of its handle: the copy of a forked child is closed at once."""
    for handle in _held:
        os.close(handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
