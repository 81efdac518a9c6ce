"""An artefact is whole or refused, whatever happens while it is written; what is not vitc's stays."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from vitc.diagnostics import VitError
from vitc.runtime import artefact

#: Writes an artefact of files that hold `sys.argv[2]`, and dies at the renaming of number `sys.argv[3]`.
DYING = """
import os, signal, sys
from pathlib import Path
from vitc.runtime import artefact
folder, text, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
replace, count = os.replace, 0
def counted(a, b):
    global count
    if count == at: os.kill(os.getpid(), signal.SIGKILL)
    count += 1
    replace(a, b)
os.replace = counted
with artefact.staged(folder) as stage:
    for name in sys.argv[4:]: (stage / name).write_text(text)
    artefact.publish(stage, folder, {})
"""
#: Compiles once in a child of its own that is killed after a while, again and again: prints what the reader said each time.
KILLED = """
import os, random, signal, sys, time
from pathlib import Path
import vitc
from vitc.diagnostics import VitError
from vitc.runtime import artefact
spec, folder, random = sys.argv[1], Path(sys.argv[2]), random.Random(0)
def compiled():
    vitc.compile(spec, out=folder, to=("onnx",), seed=random.randrange(1000), verify=False)
compiled()
start = time.perf_counter()
compiled()
usual = time.perf_counter() - start
for _ in range(int(sys.argv[3])):
    child = os.fork()
    if child == 0:
        compiled()
        os._exit(0)
    time.sleep(random.uniform(0, 1.1 * usual))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    try:
        artefact.opened(folder)
        print("whole")
    except VitError as problem:
        print(problem.diagnostics[0].code)
compiled()
artefact.opened(folder)
print("end", sorted(os.listdir(folder)))
"""


def written(folder, text, names=("model.py", "model.safetensors")):
    with artefact.staged(folder) as stage:
        for name in names:
            (stage / name).write_text(text)
        return artefact.publish(stage, folder, {"model": "m"})


def code(run):
    with pytest.raises(VitError) as caught:
        run()
    assert caught.value.exit_status == 3
    return caught.value.diagnostics[0].code


def test_the_manifest_has_the_hashes(tmp_path):
    manifest = written(tmp_path / "out" / "m", "text")
    assert artefact.opened(tmp_path / "out" / "m") == manifest
    assert manifest["files"]["model.py"] == {"sha256": hashlib.sha256(b"text").hexdigest(), "bytes": 4}
    assert sorted(os.listdir(tmp_path / "out" / "m")) == ["manifest.json", "model.py", "model.safetensors"]


@pytest.mark.parametrize("at", range(5))
def test_killed_between_any_two_moves(tmp_path, at):
    written(tmp_path, "old", ("model.py", "model.ts", "model.safetensors"))
    (tmp_path / "notes.txt").write_text("mine")
    names = ["model.py", "model.onnx", "model.safetensors"]
    done = subprocess.run([sys.executable, "-c", DYING, tmp_path, "new", str(at), *names], check=False)
    assert done.returncode == -9
    if at == 0:
        artefact.opened(tmp_path)
        assert (tmp_path / "model.ts").read_text() == "old"
    else:
        assert code(lambda: artefact.opened(tmp_path)) == "V0802"
    written(tmp_path, "newest", ("model.py",))
    artefact.opened(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["manifest.json", "model.py", "notes.txt"]


def test_compiles_killed_at_thirty_moments(tmp_path):
    (tmp_path / "m.vit").write_text(
        "vit 1\nmodel m = vit { image = 16x16x3, patch = 8, dim = 64, depth = 2, heads = 2 }\n"
    )
    command = [sys.executable, "-c", KILLED, tmp_path / "m.vit", tmp_path / "out", "30"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    *states, last = done.stdout.splitlines()
    assert len(states) == 30
    assert set(states) <= {"whole", "V0802"}
    assert last == "end ['manifest.json', 'model.onnx', 'model.safetensors']"


@pytest.mark.parametrize("change", ["changed", "gone", "a link", "a folder"])
def test_a_folder_whose_files_do_not_match_is_refused(tmp_path, change):
    written(tmp_path, "text")
    file = tmp_path / "model.py"
    if change == "changed":
        file.write_text("texs")
    else:
        file.rename(tmp_path / "elsewhere")
    if change == "a link":
        file.symlink_to(tmp_path / "elsewhere")
    if change == "a folder":
        file.mkdir()
    assert code(lambda: artefact.opened(tmp_path)) == "V0804"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "1", '{"format": 2, "files": {}}', '{"format": 1}', '{"format": 1, "files": {"../../x": {"sha256": ""}}}',
     '{"format": 1, "files": {"model.py": 3}}', '{"format": 1, "files": {}}', "[" * 100_000, '{"a": "' + "x" * 2**25 + '"}'],
)  # fmt: skip
def test_a_hostile_manifest_is_refused_by_readers_and_left_by_writers(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    assert code(lambda: artefact.opened(tmp_path)) == "V0803"
    assert code(lambda: written(tmp_path, "text")) == "V0809"
    assert (tmp_path / "manifest.json").read_text() == text


def test_what_is_the_users_is_never_overwritten_or_deleted(tmp_path):
    (tmp_path / "model.py").write_text("mine")
    assert code(lambda: written(tmp_path, "text")) == "V0809"
    assert os.listdir(tmp_path) == ["model.py"]
    (tmp_path / "model.py").unlink()
    written(tmp_path, "text", ("model.py", "model.ts"))
    (tmp_path / "model.ts").write_text("changed by hand")
    assert code(lambda: written(tmp_path, "text", ("model.py",))) == "V0809"
    assert (tmp_path / "model.ts").read_text() == "changed by hand"


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path):
    (tmp_path / "target").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.py").symlink_to(tmp_path / "target")
    assert code(lambda: written(tmp_path / "out", "text")) == "V0809"
    assert (tmp_path / "target").read_text() == "mine"


@pytest.mark.parametrize("there", ["an empty folder", "an artefact", "nothing"])
def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path, there):
    real = tmp_path / "real"
    if there != "nothing":
        real.mkdir()
    if there == "an artefact":
        written(real, "text")
    before = {path.name: path.read_text() for path in real.glob("*")}
    (tmp_path / "out").symlink_to(real)
    assert code(lambda: written(tmp_path / "out", "other")) == "V0809"
    assert {path.name: path.read_text() for path in real.glob("*")} == before


def test_folders_above_the_folder_may_be_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    written(tmp_path / "out" / "m", "text")
    artefact.opened(tmp_path / "real" / "m")


def test_a_file_or_a_forbidden_place_as_the_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "out", Path("/proc/vitc")):
        assert code(lambda folder=folder: written(folder, "text")) == "V0801"
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    assert code(lambda: written(tmp_path, "text")) == "V0801"


def test_a_full_disk_leaves_what_was_there(tmp_path):
    written(tmp_path, "old")
    text = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n" + DYING
    command = [sys.executable, "-c", text, tmp_path, "x" * 1000, "99", "model.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "V0801" in done.stderr and "too large" in done.stderr
    assert artefact.opened(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["manifest.json", "model.py", "model.safetensors"]


def test_two_at_once_leave_one_of_them_whole(tmp_path):
    """Each writes while the other does; neither takes the other's stage away."""
    ready, problems = threading.Barrier(4), []

    def run(text):
        try:
            for _ in range(10):
                with artefact.staged(tmp_path) as stage:
                    for name in artefact.FILES:
                        (stage / name).write_text(text)
                    ready.wait(10)
                    artefact.publish(stage, tmp_path, {})
        except Exception as problem:  # whatever it is, the test shows it
            problems.append(problem)
            ready.abort()

    threads = [threading.Thread(target=run, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    artefact.opened(tmp_path)
    assert len({(tmp_path / name).read_text() for name in artefact.FILES}) == 1
    assert sorted(os.listdir(tmp_path)) == sorted([*artefact.FILES, "manifest.json"])


def test_the_same_bytes_in_any_folder_for_any_hash_seed_and_time_zone(tmp_path):
    spec = "vit 1\nmodel m = vit { image = 16x16x3, patch = 8, dim = 16, depth = 1, heads = 2, classes = 3, drop_path = 0.1 }\n"
    found = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo")):
        home = tmp_path / f"place {number}"
        home.mkdir()
        (home / "m.vit").write_text(spec)
        environment = {
            **os.environ,
            "PYTHONHASHSEED": str(number + 1),
            "TZ": zone,
            "HOME": str(home),
            "USER": f"u{number}",
        }
        command = [sys.executable, "-m", "vitc", "compile", "m.vit", "-o", "x" * (number + 1)]
        subprocess.run(command, cwd=home, env=environment, check=True, capture_output=True)
        folder = home / ("x" * (number + 1))
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
        for data in found[-1].values():
            assert str(tmp_path).encode() not in data and str(Path(__file__).parents[2]).encode() not in data
    assert set(found[0]) == {"manifest.json", "model.onnx", "model.py", "model.safetensors", "model.ts"}
    assert found[0] == found[1]
    manifest = json.loads(found[0]["manifest.json"])
    assert {row["target"] for row in manifest["verification"]["rows"]} == {"torch", "torchscript", "onnx"}
