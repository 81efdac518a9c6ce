"""Ctrl-C: status 130 and one line, whenever it comes; nothing half-written, no child left."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

#: As `vitc.__main__` does: no timer is left for the end of the interpreter, where a signal has its default meaning again.
HEAD = """import atexit, os, signal, sys, time
from vitc.cli import interrupts
interrupts.install()
atexit.register(interrupts.ignore)
"""
CTRL_C = "os.kill(os.getpid(), signal.SIGINT)"


def python(text):
    return subprocess.run([sys.executable, "-c", HEAD + text], capture_output=True, text=True, timeout=60, check=False)


def test_an_interrupt_that_a_destructor_swallows_is_raised_again():
    start = time.monotonic()
    done = python(f"class A:\n    def __del__(self):\n        {CTRL_C}\nA()\ntime.sleep(30)\n")
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
    assert time.monotonic() - start < 20


def test_a_second_interrupt_and_the_repetition_leave_cleaning_up_alone():
    done = python(f"try:\n    {CTRL_C}\nfinally:\n    {CTRL_C}\n    time.sleep(0.7)\n    print('clean')\n")
    assert (done.returncode, done.stdout, done.stderr) == (130, "clean\n", "interrupted\n")


def test_what_libraries_make_of_an_interrupt_is_an_interrupt():
    """Bindings turn an exception of Python into one of their own."""
    text = f"""
from vitc.cli import main
from vitc.__main__ import main as command
def fails():
    try:
        {CTRL_C}
    except BaseException:
        raise RuntimeError("in a callback")
main.main = fails
command()
"""
    done = python(text)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.parametrize(
    "told",
    [
        'raise error("V0813", "loading crashes its process (SIGINT: KeyboardInterrupt)")',
        'tell(Diagnostic("V0912", "1 of 50 pictures have no answer"))',
    ],
)
def test_nothing_is_told_after_an_interrupt(told):
    """A child of the group has the signal too; what is said of its end, or counts what it did not answer, comes before the
    parent's own interrupt."""
    text = f"""
from vitc.cli import main
from vitc.__main__ import main as command
from vitc.cli.errors import tell
from vitc.diagnostics import Diagnostic, error
def fails():
    try:
        {CTRL_C}
    except BaseException:
        pass
    {told}
main.app = fails
command()
"""
    done = python(text)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_a_command_that_is_done_keeps_its_status():
    text = f"import atexit\natexit.register(lambda: {CTRL_C})\nsys.argv = ['vitc', 'explain', 'V0412']\nfrom vitc.__main__ import main\nmain()\n"
    done = python(text)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("entering", "leaving"), [(CTRL_C, "pass"), ("pass", CTRL_C)])
def test_what_a_with_acquires_is_released(entering, leaving):
    """An interrupt while it is acquired, or released in the end, is raised after that."""
    text = f"""
class Held:
    def __enter__(self):
        self.step({entering!r}, "acquired")
    def __exit__(self, *_):
        self.step({leaving!r}, "released")
    def step(self, interrupt, word):
        exec(interrupt)
        print(word)
with Held():
    time.sleep(30 if {entering == CTRL_C} else 0)
time.sleep(30)
"""
    done = python(text)
    assert (done.returncode, done.stdout, done.stderr) == (130, "acquired\nreleased\n", "interrupted\n")


@pytest.mark.parametrize(
    "loop",
    [
        "for _ in answers(): interrupt()",
        "for _ in map(str, answers()): interrupt()",
        "found = answers()\nfor _ in found: interrupt()",
    ],
)
@pytest.mark.parametrize("body", ["with Held(): yield 1", "try: yield 1\n    finally: Held().__exit__()", "try: yield 1\n    finally: release()"])  # fmt: skip
def test_what_a_generator_holds_is_released(body, loop):
    """An interrupt ends the loop over a generator, which is closed then: while it is, the repetition leaves it alone."""
    text = f"""
def release():
    for _ in range(6):
        time.sleep(0.06)
    print("released")
class Held:
    def __enter__(self): pass
    def __exit__(self, *_): release()
def answers():
    {body}
def interrupt():
    {CTRL_C}
    time.sleep(30)
{loop}
"""
    done = python(text)
    assert (done.returncode, done.stdout, done.stderr) == (130, "released\n", "interrupted\n")


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.run([sys.executable, '-c', CHILD], capture_output=True)",
        "with Child('sleeper', {}) as child: child.read(30)",
    ],
)
def test_a_child_that_starts_as_an_interrupt_comes_is_ended(start, tmp_path):
    """Only the parent has the signal: the child would sleep on."""
    sleeper = "import time\ntime.sleep(30)\n"
    (tmp_path / "sleeper.py").write_text(sleeper)
    text = f"""
import subprocess
from vitc.runtime.guard import Child
CHILD = {sleeper!r}
os.chdir({str(tmp_path)!r})
os.environ["PYTHONPATH"] = os.getcwd()
fork = subprocess._fork_exec
def forked(*given):
    pid = fork(*given)
    open("pid", "w").write(str(pid))
    {CTRL_C}
    return pid
subprocess._fork_exec = forked
{start}
"""
    done = python(text)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def interrupted(command, folder, after):
    """What a command makes of SIGINT, which its children get too, some seconds after it handles signals; before that Python
    itself starts, which takes longer on a busy machine and prints what it likes. None where the command was done before."""
    text = HEAD + "os.write(1, b'\\n')\nfrom vitc.__main__ import main\nmain()\n"
    child = subprocess.Popen(
        [sys.executable, "-c", text, *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(after)
    if child.poll() is not None:
        child.communicate()
        return None
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert not running(child.pid)
    return child.returncode, err


def running(group):
    """Lists the processes of a group that run. An ended one may stay in the table: torch starts `ldconfig` as it is imported,
    and where the process that imports it is ended first, process 1 has to collect it (seen: in state Z 0.3 seconds later)."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue
        state, _, its_group, *_ = rest.split()
        found += [f"{name})"] if state != "Z" and int(its_group) == group else []
    return found


@pytest.mark.parametrize("after", [0.0, 1.5])
def test_an_interrupted_compile_has_written_nothing(tmp_path, after):
    assert interrupted(["compile", "digits"], tmp_path, after) in ((130, "interrupted\n"), None)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["compile", "predict"])
def test_no_interrupt_is_lost_at_any_moment(tmp_path, command):
    """Forty moments of a whole run."""
    from PIL import Image

    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    model = tmp_path / "model"
    words = {"compile": ["compile", "digits", "-o", "made"], "predict": ["predict", str(model), *["a.png"] * 50]}[
        command
    ]
    first = ["compile", "digits", "-o", str(model)] if command == "predict" else words
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "vitc", *first], cwd=tmp_path, check=True, capture_output=True)
    if command == "predict":
        start = time.monotonic()
        subprocess.run([sys.executable, "-m", "vitc", *words], cwd=tmp_path, check=True, capture_output=True)
    took, moments, lost = time.monotonic() - start, random.Random(0), []
    for index in range(40):
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / "a.png").write_bytes((tmp_path / "a.png").read_bytes())
        after = moments.uniform(0.0, took)
        ended = interrupted(words, folder, after)
        left = {path.name for path in folder.rglob("*") if path.is_file()} - {"a.png"}
        done = command == "predict" or "manifest.json" in left
        if ended != (130, "interrupted\n") and not (done and ended in (None, (0, ""))):
            lost.append((after, ended))
        if left and not done:
            lost.append((after, left))
    assert not lost
