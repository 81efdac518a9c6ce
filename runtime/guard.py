"""A module of vitc as a process of its own, which may crash, hang or run out of memory without harm to this one.

It takes one JSON object on its standard input and answers in lines of JSON. What native code prints there or on standard
error is caught; a few of its last characters are kept, for the message about a crash.
"""

import json
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from typing import IO, Any, Literal

#: What runtimes print when they get no memory, the dynamic loader and thread libraries included.
_MEMORY = (
    "bad_alloc",
    "MemoryError",
    "annot allocate memory",
    "failed to map segment",
    "Resource temporarily unavailable",
)


class Ended(Exception):
    """The process ended before it had said all: for want of time (`cpu`: of the processor) or memory, by a crash or by an
    interrupt, which this process has too; `how` says more."""

    def __init__(self, cause: Literal["time", "cpu", "memory", "crash", "interrupt"], how: str) -> None:
        super().__init__(how)
        self.cause, self.how = cause, how


class Child:
    """Runs `python -m module` until it is closed; use it in a `with`."""

    def __init__(self, module: str, request: Mapping[str, Any]) -> None:
        self._module, self._request = module, request
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._said: deque[bytes] = deque(maxlen=8)

    def __enter__(self) -> "Child":
        # The process starts here, not in `__init__`: no interrupt is raised before `__exit__` is sure to end it.
        # -P: no module of the folder in which one happens to stand
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", self._module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        process = self._process
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self._threads = [
            threading.Thread(target=_pump, args=(process.stdout, self._lines.put), daemon=True),
            threading.Thread(target=_pump, args=(process.stderr, self._said.append), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        try:
            with process.stdin as pipe:
                pipe.write(json.dumps(self._request).encode())
        except BrokenPipeError:
            pass  # it ended at once: `read` says how
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()

    def read(self, seconds: float) -> dict[str, Any]:
        """The next thing that it says; raises `Ended`, after so many seconds at the latest."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise Ended("time", f"it takes longer than {seconds:,.0f} seconds") from None
        if not line:
            raise self._ended()
        return json.loads(line)

    def _ended(self) -> Ended:
        status = self._process.wait()
        self._threads[1].join()
        text = b"".join(self._said).decode(errors="replace").strip()
        last = text.rpartition("\n")[2][:200]
        if any(mark in text for mark in _MEMORY):
            return Ended("memory", last)
        if status < 0:
            name = signal.Signals(-status).name
            if name == "SIGXCPU":
                return Ended("cpu", "it used up its CPU time")
            if name == "SIGKILL":
                return Ended("memory", "the system killed it")
            cause = "interrupt" if name == "SIGINT" else "crash"
            return Ended(cause, f"{name}{': ' if last else ''}{last}")
        return Ended("crash", last or f"it ended with status {status}")


def _pump(pipe: IO[bytes], give: Any) -> None:
    """Hands on what arrives, line by line, and an empty one at the end."""
    with pipe:
        for line in iter(lambda: pipe.readline(2**24), b""):
            give(line)
    give(b"")
