"""Standard input, output and error as a command needs them, whatever the shell made of them."""

import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import TextIO

from ..diagnostics import error
from ..diagnostics.messages import render

#: Colours and other styles, as terminals take them (ECMA-48, "select graphic rendition").
_STYLE = re.compile("\x1b\\[[0-9;]*m")


@contextmanager
def standard_streams() -> Generator[None]:
    """Replaces the standard streams during the block.

    - A reader of the output that goes away (`| head`) ends the command silently with status 141, as SIGPIPE ends others.
    - Output that can't be written otherwise (closed with `>&-`, on a full disk) is V1011.
    - What can't be written to standard error is lost; the command and its status stay as they are.
    - A character that the encoding of the terminal lacks is written as its number.
    - With NO_COLOR or `TERM=dumb` styles are left out.

    A stream that somebody replaced already, as tests do, stays.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    _fill_closed()
    if _is_real(sys.stdout):
        sys.stdout = _Output(1, sys.stdout)
    if _is_real(sys.stderr):
        sys.stderr = _Errors(2, sys.stderr)
    try:
        yield
    finally:
        try:
            sys.stderr.flush()
            sys.stdout.flush()
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


def styled(stream: TextIO) -> bool:
    """Whether colours are written to a stream: a terminal, or any with FORCE_COLOR."""
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


def _is_real(stream: TextIO | None) -> bool:
    return stream is None or (isinstance(stream, TextIOWrapper) and stream in (sys.__stdout__, sys.__stderr__))


def _fill_closed() -> None:
    """Opens /dev/null in place of closed descriptors, so that no file of the user's gets the number of the output; for
    reading only, so that writing to it fails."""
    while (handle := os.open(os.devnull, os.O_RDONLY)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    if sys.stdin is None:  # type: ignore[reportUnnecessaryComparison] -- it is where the descriptor was closed
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- as long as the process


class _Stream(TextIOWrapper):
    """Text to a descriptor, in the encoding and line buffering of the stream that it stands for."""

    def __init__(self, descriptor: int, like: TextIO | None) -> None:
        # a closed stream has no encoding
        encoding, buffered = (like.encoding, getattr(like, "line_buffering", True)) if like else ("utf-8", True)
        raw = open(descriptor, "wb", closefd=False)  # noqa: SIM115 -- as long as this stream
        super().__init__(raw, encoding, "backslashreplace", line_buffering=buffered)
        self.plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"

    def write(self, text: str) -> int:
        try:
            return super().write(_STYLE.sub("", text) if self.plain else text)
        except OSError as problem:
            self.lost(problem)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as problem:
            self.lost(problem)

    def lost(self, problem: OSError) -> None:
        """Leads what is still to come nowhere."""
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


class _Errors(_Stream):
    """Standard error."""


class _Output(_Stream):
    """Standard output, whose loss ends the command."""

    def lost(self, problem: OSError) -> None:
        super().lost(problem)
        if isinstance(problem, BrokenPipeError):
            raise SystemExit(141)
        lost = error("V1011", f"standard output can't be written: {problem.strerror}")
        sys.stderr.write(render(lost.diagnostics, color=styled(sys.stderr)))
        raise SystemExit(lost.exit_status)
