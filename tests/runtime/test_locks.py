"""A lock is held by one at a time, ends with its process, and leaves nothing behind."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import types

import pytest
from vitc.runtime import locks

HOLDING = """
import sys, time
from pathlib import Path
from vitc.runtime.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
#: The same with a child, forked while the lock is held, that outlives it; it has started before the lock is said to be held.
FORKING = HOLDING.replace(
    "    print",
    """    import os
    started, start = os.pipe()
    if os.fork() == 0:
        os.write(start, b".")
        time.sleep(5)
        os._exit(0)
    os.read(started, 1)
    print""",
)


def free(path):
    try:
        with locks.locked(path, wait=False):
            return True
    except BlockingIOError:
        return False


@pytest.fixture(params=["flock", "msvcrt"])
def system(request, monkeypatch, tmp_path):
    """The lock of this system, and Windows' by a stand-in with its meaning: a handle's lock of bytes, never waiting."""
    if request.param == "msvcrt":
        fake = types.SimpleNamespace(LK_NBLCK=2, locking=lambda handle, how, count: fcntl.flock(handle, 6))
        (tmp_path / "temporary").mkdir()
        monkeypatch.setattr(locks, "_fcntl", None)
        monkeypatch.setattr(locks, "_msvcrt", fake)
        monkeypatch.setattr(locks.tempfile, "tempdir", str(tmp_path / "temporary"))


def test_one_at_a_time(system, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").write_text("mine")
    for path in (tmp_path / "a", tmp_path / "b"):
        with locks.locked(path):
            assert not free(path)
        assert free(path)
    with locks.locked(tmp_path / "a"):
        assert free(tmp_path / "b")
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} - {"temporary"}
    assert left == {"a", "b"}
    assert (tmp_path / "b").read_text() == "mine"


def test_the_second_waits(system, tmp_path):
    order = []

    def second():
        with locks.locked(tmp_path):
            order.append("second")

    with locks.locked(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


@pytest.mark.parametrize("text", [HOLDING, FORKING], ids=["alone", "with a forked child"])
def test_it_ends_with_its_process(tmp_path, text):
    with subprocess.Popen([sys.executable, "-c", text, tmp_path], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "held\n"
        assert not free(tmp_path)
        child.send_signal(signal.SIGKILL)
    assert free(tmp_path)


def test_what_is_not_there_can_not_be_locked(system, tmp_path):
    with pytest.raises(FileNotFoundError), locks.locked(tmp_path / "none"):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EBADF])
def test_a_system_without_locks_runs_unlocked(tmp_path, monkeypatch, number):
    monkeypatch.setattr(locks, "_fcntl", None)
    with locks.locked(tmp_path):
        assert free(tmp_path)
    refusing = types.SimpleNamespace(
        LOCK_EX=2, LOCK_NB=4, flock=lambda *_: (_ for _ in ()).throw(OSError(number, os.strerror(number)))
    )
    monkeypatch.setattr(locks, "_fcntl", refusing)
    with locks.locked(tmp_path):
        assert free(tmp_path)
