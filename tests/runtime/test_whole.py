"""Files are written whole or not at all; a full disk, a link, a device in the way leave what was there."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from vitc.diagnostics import VitError
from vitc.runtime.whole import whole

SPEC = "vit 1\nmodel m = vit { image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 3 }\n"
#: A configuration that `vitc import` takes.
CONFIG = '{"architecture": "vit_tiny_patch16_224", "num_classes": 1000}'
#: Every command that writes but `train`.
WRITERS = {
    "compile": ["compile", "m.vit", "--no-verify", "-o", "full/new"],
    "weights export": ["weights", "export", "w.safetensors", "--layout", "timm", "--model", "m.vit", "-o", "full/new.safetensors"],
    "weights import": ["weights", "import", "w.safetensors", "--layout", "timm", "--model", "m.vit", "-o", "full/new.npz"],
    "import": ["import", "config.json", "-o", "full/new.vit"],
}  # fmt: skip


def code(path, text=b"new"):
    with pytest.raises(VitError) as caught, whole(path) as file:
        file.write(text)
    assert caught.value.exit_status == 3
    return caught.value.diagnostics[0].code


def test_it_replaces_at_the_end_and_with_the_usual_permissions(tmp_path):
    path = tmp_path / ("x" * 251 + ".bin")  # the longest name that the system takes
    path.write_text("old")
    with whole(path) as file:
        file.write(b"new")
        assert path.read_text() == "old" and len(os.listdir(tmp_path)) == 2
    (tmp_path / "plain").write_text("")
    assert (path.read_text(), len(os.listdir(tmp_path))) == ("new", 2)
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_what_was_there(tmp_path, problem):
    (tmp_path / "a").write_text("old")
    with pytest.raises(problem), whole(tmp_path / "a") as file:
        file.write(b"new")
        raise problem
    assert (os.listdir(tmp_path), (tmp_path / "a").read_text()) == (["a"], "old")


def test_links_folders_devices_and_pipes_stay(tmp_path):
    (tmp_path / "target").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "dangling", "folder", "pipe"):
        before = os.lstat(tmp_path / name)
        assert code(tmp_path / name) == "V1008"
        assert os.lstat(tmp_path / name) == before
    assert (tmp_path / "target").read_text() == "mine" and not (tmp_path / "nowhere").exists()
    assert code(tmp_path / "none" / "a") == "V0801"
    assert code(tmp_path / "target" / "a") == "V0801"
    assert sorted(os.listdir(tmp_path)) == ["dangling", "folder", "link", "pipe", "target"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A spec, its weights and a configuration."""
    import vitc

    here = tmp_path_factory.mktemp("sources")
    (here / "m.vit").write_text(SPEC)
    (here / "config.json").write_text(CONFIG)
    vitc.compile(here / "m.vit", out=here / "out", to=("onnx",), verify=False)
    (here / "out" / "model.safetensors").rename(here / "w.safetensors")
    return here


@contextmanager
def small_disk(folder):
    """A file system of 16 kB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("limit", ["a file-size limit", "a small file system"])
def test_a_full_disk_is_told_and_nothing_is_left(sources, tmp_path, writer, limit):
    for name in ("m.vit", "w.safetensors", "config.json"):
        (tmp_path / name).write_bytes((sources / name).read_bytes())
    (tmp_path / "full").mkdir()
    command = [sys.executable, "-m", "vitc", *WRITERS[writer]]
    if limit == "a file-size limit":
        done = limited(command, tmp_path)
        assert os.listdir(tmp_path / "full") in ([], ["new"])
    else:
        with small_disk(tmp_path / "full"):
            (tmp_path / "full" / "mine").write_bytes(bytes(16 * 1024))
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert set(os.listdir(tmp_path / "full")) <= {"mine", "new"}
            assert (tmp_path / "full" / "mine").read_bytes() == bytes(16 * 1024)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error[V0801]"), done.stderr
    assert "full/new" in done.stderr and "Traceback" not in done.stderr
    left = tmp_path / "full" / "new"
    assert not left.exists() or not os.listdir(left)


def limited(command, folder):
    """Runs a command that may write 64 bytes to a file."""
    import resource

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    return subprocess.run(command, cwd=folder, capture_output=True, text=True, preexec_fn=few, check=False)
