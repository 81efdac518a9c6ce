"""Pipes, closed streams, full disks, terminals with and without colours: what commands do with where they print."""

import os
import pty
import re
import shlex
import subprocess
import sys

import pytest

VITC = f"{shlex.quote(sys.executable)} -m vitc"
STYLE = re.compile(rb"\x1b\[[0-9;]*m")


def shell(script, cwd, **environment):
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    return subprocess.run(["bash", "-c", script.replace("vitc ", f"{VITC} ")], cwd=cwd, env=clean | environment,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip


def terminal(words, cwd, **environment):
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    with subprocess.Popen([sys.executable, "-m", "vitc", *words], cwd=cwd, env=clean | {"TERM": "xterm-256color"} | environment,
                          stdin=theirs, stdout=theirs, stderr=theirs):  # fmt: skip
        os.close(theirs)
        found = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so that the other side is closed
                part = b""
            if not part:
                break
            found += part
    os.close(ours)
    return found


@pytest.mark.parametrize(
    "command", ["show vit_base_patch16_224 --after flatten", "explain", "show digits --layers --format json"]
)
def test_a_reader_that_goes_away_ends_the_command_as_it_ends_other_tools(tmp_path, command):
    """141 is what the shell shows of a tool that SIGPIPE ended."""
    done = shell(f"vitc {command} | true; echo ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.stdout, done.stderr) == ("141\n", "")
    usual = shell("yes | true; echo ${PIPESTATUS[0]}", tmp_path)
    assert usual.stdout == "141\n"


def test_a_reader_of_the_errors_that_goes_away_changes_no_status(tmp_path):
    for script in ("vitc check none.vit 2>&1 >/dev/null | true; echo ${PIPESTATUS[0]}", "vitc check none.vit 2>/dev/full; echo $?",
                   "vitc check none.vit 2>&-; echo $?"):  # fmt: skip
        assert shell(script, tmp_path).stdout == "3\n"


@pytest.mark.parametrize("command", ["check digits --format json", "explain V0412", "--help"])
@pytest.mark.parametrize(("where", "why"), [(">&-", "Bad file descriptor"), ("> /dev/full", "No space left on device")])
def test_output_that_can_not_be_written_is_an_error(tmp_path, command, where, why):
    done = shell(f"vitc {command} {where}", tmp_path)
    assert done.returncode == 3
    assert done.stderr == f"error[V1011]: standard output can't be written: {why}\n"


def test_without_any_stream_the_work_is_done(tmp_path):
    """The files get no descriptor that something prints to."""
    done = shell(
        "vitc compile digits --to onnx --no-verify <&- >&- 2>&-; echo $?; vitc compile digits --to onnx --no-verify -o b",
        tmp_path,
    )
    assert done.stdout.splitlines()[0] == "3"
    for name in os.listdir(tmp_path / "b"):
        assert (tmp_path / "out" / "digits" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_what_the_encoding_lacks_is_written_as_its_number(tmp_path):
    done = shell("vitc show digits --flow", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "blocks.0 \\u2026 blocks.3" in done.stdout


@pytest.mark.parametrize("words", [["check", "none.vit"], ["explain", "V0412"], ["--help"]], ids=" ".join)
def test_styles_on_a_terminal_and_where_nobody_wants_them(tmp_path, words):
    styled = terminal(words, tmp_path)
    assert STYLE.search(styled)
    for wish in ({"NO_COLOR": "1"}, {"TERM": "dumb", "FORCE_COLOR": "1"}):
        plain = terminal(words, tmp_path, **wish)
        assert b"\x1b" not in plain
        assert plain.split()[0] == STYLE.sub(b"", styled).split()[0]
    command = f"vitc {' '.join(words)} 2>&1"
    assert "\x1b" not in shell(command, tmp_path).stdout
    assert "\x1b[" in shell(command, tmp_path, FORCE_COLOR="1").stdout


def test_progress_on_a_dumb_terminal_moves_no_cursor(tmp_path):
    words = ["compile", "digits", "--to", "onnx", "--no-verify"]
    assert b"\x1b[" in terminal(words, tmp_path)
    assert b"\x1b" not in terminal(words, tmp_path, TERM="dumb")
