"""Ctrl-C: exit status 130, whenever it comes. Only the process of a command handles signals; `import vitc` never does.

An exception that a handler raises while a C++ library calls Python may end the process by `std::terminate` (torch's
bindings: measured), and destructors swallow it. So it is raised where this package's own code runs or waits for a child, and
is tried again until then.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType

#: Seconds between two tries, and after which it is raised wherever the process is.
_AGAIN, _LONGEST = 0.05, 10.0
#: When the first interrupt came.
_since: list[float] = []
#: The functions in which `subprocess` waits for a child that a `with` ends.
_WAITS = frozenset(["communicate", "_communicate", "wait", "_wait", "_try_wait"])
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Interrupt(SystemExit):
    """Ends the process with status 130 once every `finally` on the way has run."""


def install() -> None:
    """Handles SIGINT from here on, even where it was ignored when the process began (as in the background of a script)."""
    signal.signal(signal.SIGINT, _interrupted)


def ignore() -> None:
    """Ignores interrupts: what is left is the interpreter's own end, and the command's status stands."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def asked() -> bool:
    """Whether an interrupt came."""
    return bool(_since)


def _interrupted(_: int, frame: FrameType | None) -> None:
    if not asked():
        _since.append(time.monotonic())
        with suppress(OSError):  # not through sys.stderr, which the signal may have found in the middle of a write
            os.write(2, b"interrupted\n")
        sys.unraisablehook = _unraisable
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, _interrupted)
            signal.setitimer(signal.ITIMER_REAL, _AGAIN, _AGAIN)
    if not _unwinding() and (_safe(frame) or time.monotonic() - _since[0] > _LONGEST):
        raise Interrupt(130)


def _safe(frame: FrameType | None) -> bool:
    """Whether the code being run is this package's, a script's, or Python's own waiting for a child. What a `with` acquires
    or releases is acquired and released whole, and a child that starts is first handed to those who end it."""
    if frame is None or any(
        name in ("__enter__", "__exit__") or (name == "__init__" and _is(at, "subprocess.py"))
        for name, at in _calls(frame)
    ):
        return False
    code = frame.f_code
    own = code.co_filename.startswith(_ROOT) and "site-packages" not in code.co_filename.removeprefix(_ROOT)
    waits = (code.co_name in _WAITS and _is(code.co_filename, "subprocess.py")) or _is(code.co_filename, "selectors.py")
    return own or waits or code.co_filename == "<string>"


def _calls(frame: FrameType | None) -> Iterator[tuple[str, str]]:
    """The functions that run, innermost first, with their files."""
    while frame is not None:
        yield frame.f_code.co_name, frame.f_code.co_filename
        frame = frame.f_back


def _is(file: str, name: str) -> bool:
    return os.path.basename(file) == name


def _unwinding() -> bool:
    """Whether an interrupt is being handled, or a generator that it left behind is closed: a `finally` that cleans up is
    left alone."""
    problem = sys.exception()
    while problem is not None and not isinstance(problem, Interrupt | GeneratorExit):
        problem = problem.__context__
    return problem is not None


def _unraisable(problem: "sys.UnraisableHookArgs") -> None:
    """Says nothing of an interrupt that something swallowed; it is raised again."""
    if not isinstance(problem.exc_value, Interrupt):
        sys.__unraisablehook__(problem)
