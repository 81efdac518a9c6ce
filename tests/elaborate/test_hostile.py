"""Hostile texts, each with a code, within five times a second and 200 MB, in a child process with resource limits."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from hostile import TEXTS

SECONDS, MEMORY = 5, 2**30
#: Checks every file of a folder and tells of each: codes, seconds of CPU, and whether it is refused as a spec.
CHILD = """
import contextlib, io, json, re, sys, time
from pathlib import Path
from vitc.cli.main import main
for path in sorted(Path(sys.argv[1]).glob("*.vit")):
    out, start = io.StringIO(), time.process_time()
    sys.argv, status = ["vitc", "check", str(path)], 0
    with contextlib.redirect_stderr(out), contextlib.redirect_stdout(out):
        try:
            main()
        except SystemExit as problem:
            status = problem.code
    codes = sorted(set(re.findall(r"^error\\[(V\\d{4})\\]", out.getvalue(), re.M)))
    print(json.dumps([path.stem, codes, status, time.process_time() - start]), flush=True)
"""
NAMES = list(TEXTS)


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    for index, name in enumerate(NAMES):
        (folder / f"{index:03}.vit").write_text(TEXTS[name][0], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder)], capture_output=True, text=True, preexec_fn=limited, check=False
    )
    return {NAMES[int(stem)]: rest for stem, *rest in map(json.loads, done.stdout.splitlines())}, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_text_is_refused_in_time_with_a_code(answers, name):
    found, errors = answers
    assert name in found, errors[-2000:]
    codes, status, seconds = found[name]
    assert codes and (TEXTS[name][1] is None or set(codes) <= TEXTS[name][1]), codes
    assert status == 1
    assert seconds < SECONDS


def check(folder, name="a.vit"):
    return subprocess.run(
        [sys.executable, "-m", "vitc", "check", name], cwd=folder, capture_output=True, text=True, timeout=60,
        preexec_fn=limited, check=False,
    )  # fmt: skip


USES = {
    "up": ("../b.vit", "V0211"),
    "absolute": ("/etc/b.vit", "V0211"),
    "home": ("~/b.vit", "V0211"),
    "backslash": ("..\\\\b.vit", "V0211"),
    "a percent code": ("%2e%2e/b.vit", "V0211"),
    "a device": ("/dev/zero", "V0211"),
    "an address": ("https://example.org/b.vit", "V0211"),
    "a folder": ("folder.vit", "V0210"),
    "a pipe": ("pipe.vit", "V0210"),
    "nothing": ("nothing.vit", "V0210"),
    "itself": ("a.vit", "V0212"),
    "a link out": ("link.vit", "V0211"),
    "a linked folder": ("out/b.vit", "V0211"),
    "not text": ("binary.vit", "V0106"),
    "empty": ("empty.vit", "V0101"),
    "another case": ("B.VIT", "V0211"),
    "an empty name": ("", "V0211"),
    "dots": ("./././b.vit", None),
    "a long name": ("a" * 5000 + ".vit", "V0211"),
}


@pytest.mark.parametrize("name", USES)
def test_use_stays_in_its_folder_and_reads_texts_alone(tmp_path, name):
    inside, outside = tmp_path / "in", tmp_path / "outside"
    for folder in (inside, outside, inside / "folder.vit"):
        folder.mkdir()
    (outside / "b.vit").write_text("vit 1\nmodel secret = vit\n")
    (inside / "b.vit").write_text("vit 1\nmodel mine = vit\n")
    (inside / "link.vit").symlink_to(outside / "b.vit")
    (inside / "out").symlink_to(outside)
    (inside / "binary.vit").write_bytes(bytes(range(128, 256)))
    (inside / "empty.vit").write_text("")
    os.mkfifo(inside / "pipe.vit")
    path, code = USES[name]
    (inside / "a.vit").write_text(f'vit 1\nuse "{path}"\nmodel m = vit\n')
    done = check(inside)
    assert (f"error[{code}]" in done.stderr and done.returncode == 1) if code else done.returncode == 0, done.stderr
    assert "secret" not in done.stderr


def test_a_chain_of_ten_thousand_files_is_refused(tmp_path):
    for i in range(10_000):
        (tmp_path / f"f{i}.vit").write_text(f'vit 1\nuse "f{i + 1}.vit"\n')
    done = check(tmp_path, "f0.vit")
    assert done.returncode == 1 and "error[V0505]" in done.stderr
    assert len(done.stderr.splitlines()) < 20


def test_a_diamond_of_thirty_levels_is_read_once(tmp_path):
    for i in range(30):
        (tmp_path / f"l{i}.vit").write_text(
            f'vit 1\nuse "l{i + 1}.vit"\nuse "r{i + 1}.vit"\nblock a{i} {{ forward(x) {{ return x }}\n}}\n'
        )
        (tmp_path / f"r{i}.vit").write_text(
            f'vit 1\nuse "l{i + 1}.vit"\nuse "r{i + 1}.vit"\nblock b{i} {{ forward(x) {{ return x }}\n}}\n'
        )
    for side in "lr":
        (tmp_path / f"{side}30.vit").write_text("vit 1\nmodel last = vit\n" if side == "l" else "vit 1\n")
    (tmp_path / "a.vit").write_text('vit 1\nuse "l0.vit"\nmodel m = last { dpeth = 3 }\n')
    done = check(tmp_path)
    assert done.returncode == 1 and "did you mean `depth`?" in done.stderr, done.stderr
    (tmp_path / "a.vit").write_text('vit 1\nuse "l0.vit"\nmodel m = lost\n')
    done = check(tmp_path)
    assert done.returncode == 1 and "error[V0201]" in done.stderr, done.stderr
