"""Which pictures a command line means: files, folders, and paths that come on standard input."""

import os
from collections.abc import Iterator, Sequence
from typing import IO

from ..diagnostics import VitError, error


def listed(words: Sequence[str], stdin: IO[bytes]) -> list[str]:
    """The paths of the pictures in the order of the words, doubles kept.

    A folder stands for the pictures in it, at any depth, sorted, without names that begin with a dot. `-` stands for the
    paths on standard input: one a line, or each ended by a NUL byte (`find -print0`). Raises V0901 at a folder without
    pictures, V0913 at an empty standard input.
    """
    found: list[str] = []
    for word in words:
        for path in _given(stdin) if word == "-" else (word,):
            found += _inside(path) if os.path.isdir(path) else [path]
    return found


def _given(stdin: IO[bytes]) -> list[str]:
    text = stdin.read()
    lines = text.split(b"\0") if b"\0" in text else [line.removesuffix(b"\r") for line in text.split(b"\n")]
    paths = [os.fsdecode(line) for line in lines if line]
    if not paths:
        raise error("V0913", "`-` reads the paths of pictures from standard input, and there are none")
    return paths


def _inside(folder: str) -> list[str]:
    from .pictures import OPTIONAL, SUFFIXES

    endings = SUFFIXES | set(OPTIONAL)
    found = [path for path in _files(folder, frozenset()) if os.path.splitext(path)[1].lower() in endings]
    if not found:
        raise error("V0901", f"`{folder}` holds no pictures",
                    help=f"pictures end in {', '.join(sorted(endings))}")  # fmt: skip
    return found


def _files(folder: str, above: frozenset[str]) -> Iterator[str]:
    """All files below a folder in the order of their names; a link to a folder in which one already is leads nowhere."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        names = sorted(os.listdir(folder))
    except OSError as problem:
        raise _closed(folder, problem) from None
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith("."):
            continue
        if os.path.isdir(path):
            yield from _files(path, above | {real})
        else:
            yield path


def _closed(folder: str, problem: OSError) -> VitError:
    return error("V0901", f"`{folder}` can't be read: {problem.strerror}")
