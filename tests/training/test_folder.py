"""A run owns a folder that it made or found empty, and nothing else; nothing in it is followed, replaced or deleted that its
record does not name."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from vitc.diagnostics import VitError
from vitc.runtime.training import folder

MORE = {"train.epochs": "3"}


def tree(path):
    """Every file below with its content, every link with its target."""
    return {
        p.relative_to(path).as_posix(): os.readlink(p) if p.is_symlink() else p.read_bytes() if p.is_file() else None
        for p in sorted(path.rglob("*"))
    }


def linked(path):
    (path / "target").mkdir()
    (path / "out").symlink_to(path / "target")


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("V0809", lambda path: ((path / "out").mkdir(), (path / "out" / "model.py").write_text("mine"))),
        ("V0809", lambda path: ((path / "out").mkdir(), (path / "out" / ".hidden").write_text("mine"))),
        ("V0809", lambda path: (path / "out" / "checkpoints").mkdir(parents=True)),
        ("V0809", lambda path: ((path / "out").mkdir(), (path / "out" / "run.json").write_text("{}"))),
        ("V0809", lambda path: ((path / "out").mkdir(), (path / "out" / "metrics.jsonl").symlink_to(path / "nowhere"))),
        ("V0809", lambda path: ((path / "out").mkdir(), (path / "out" / folder.STAGE).symlink_to(path / "tiny.vit"))),
        ("V0809", linked),
        ("V0809", lambda path: (path / "out").symlink_to(path / "nowhere")),
        ("V0809", lambda path: (path / "out").write_text("mine")),
    ],
)
def test_a_folder_with_anything_in_it_is_left_as_it_is(spec, run, refused, tmp_path, monkeypatch, code, make):
    path = spec()
    make(tmp_path)
    before = tree(tmp_path)
    monkeypatch.setattr("vitc.application.train.read", None)  # refused before any picture is read
    found, status = refused(run, path, "out")
    assert (found.code, status) == (code, 3)
    assert f"`{tmp_path / 'out'}`" in found.message and found.help
    assert tree(tmp_path) == before


def test_a_folder_with_a_run_is_left_alone(spec, run, refused, tmp_path):
    path = spec()
    run(path)
    before = tree(tmp_path)
    found, status = refused(run, path)
    assert (found.code, status) == ("V1103", 3)
    assert tree(tmp_path) == before


def test_what_fails_before_it_trains_leaves_nothing(spec, run, refused, tmp_path):
    found, _ = refused(run, spec(data='source = npz("missing.npz")'), "deep/out")
    assert found.code.startswith("V09")
    assert sorted(os.listdir(tmp_path)) == ["tiny.vit"]
    (tmp_path / "out").mkdir()
    refused(run, spec(data='source = npz("missing.npz")'), "out")
    assert os.listdir(tmp_path / "out") == []  # it was there before


@pytest.mark.parametrize("where", ["/proc/vitc", "tiny.vit/out"])
def test_a_folder_that_cannot_be_made(spec, run, refused, tmp_path, where):
    found, status = refused(run, spec(), where)
    assert (found.code, status) == ("V0801", 3)


def test_the_current_folder_when_it_is_empty(spec, run, tmp_path, monkeypatch):
    path = spec("epochs = 1, batch = 32")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    from vitc.application.train import train

    train(path, out=".", verify=False, device="cpu")
    assert (tmp_path / "here" / "run.json").exists()


def test_nothing_in_a_run_that_is_not_its_own_is_taken_or_touched(spec, run, tmp_path):
    path = spec("epochs = 2, batch = 32")
    run(path)
    checkpoints = tmp_path / "run" / "checkpoints"
    own = {p for p in tree(tmp_path / "run") if "epoch-" in p}
    for name in ("epoch-9999999", "mine", ".epoch-0000003"):
        shutil.copytree(checkpoints / "epoch-0000002", checkpoints / name)
    (checkpoints / "link").symlink_to(tmp_path / "tiny.vit")
    (checkpoints / "epoch-0000002" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    before = {name: content for name, content in tree(tmp_path / "run").items() if name not in own}
    summary = run(path, resume=tmp_path / "run", settings=MORE)
    assert summary["epochs"] == 3
    after = tree(tmp_path / "run")
    for name, content in before.items():
        if name.startswith("checkpoints/") or name == "notes.txt":
            assert after[name] == content
    assert sorted(os.listdir(checkpoints / "epoch-0000002")) == ["notes.txt"]
    assert "checkpoints/epoch-0000003/state.json" in after


def replaced(name, by):
    """The user puts something else in the place of a file or folder of the run."""

    def change(path):
        place = path / "run" / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        place.parent.mkdir(exist_ok=True)
        by(place, path)

    return change


def link(place, path):
    (path / "outside").mkdir(exist_ok=True)
    (path / "outside" / "file").write_text("mine")
    place.symlink_to(path / "outside" / "file")


def link_to_folder(place, path):
    (path / "outside").mkdir(exist_ok=True)
    place.symlink_to(path / "outside")


def text(place, path):
    place.write_text("mine")


CHANGES = {
    "metrics.jsonl edited": replaced("metrics.jsonl", text),
    "model.py edited": replaced("model.py", text),
    "summary.json edited": replaced("summary.json", text),
    "curves.png a folder": replaced("curves.png", lambda place, path: place.mkdir()),
    "model.py a link": replaced("model.py", link),
    "curves.png a link": replaced("curves.png", link),
    "stage a link": replaced(folder.STAGE, link),
    "checkpoints a link": replaced("checkpoints", link_to_folder),
    "checkpoints a file": replaced("checkpoints", text),
    "the stage of checkpoints a link": replaced(f"checkpoints/{folder.STAGE}", link_to_folder),
    "export a link": replaced("export", link_to_folder),
    "export a file": replaced("export", text),
    "a file in export edited": replaced("export/model.py", text),
    "a folder where a checkpoint will be": replaced("checkpoints/epoch-0000003", lambda place, path: place.mkdir()),
    "a link where a checkpoint will be": replaced("checkpoints/epoch-0000003", link_to_folder),
}


def test_what_the_user_changed_inside_a_run_is_left_alone(spec, run, refused, tmp_path, monkeypatch):
    """Before anything is trained, with the name of what is in the way. Where it is moved away, the run is resumed."""
    path = spec("epochs = 2, batch = 32")
    run(path)
    shutil.move(tmp_path / "run", tmp_path / "kept")
    for what, change in CHANGES.items():
        shutil.copytree(tmp_path / "kept", tmp_path / "run")
        change(tmp_path)
        before = tree(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr("vitc.runtime.training.trainer.Trainer.epoch", None)
            found, status = refused(run, path, resume=tmp_path / "run", settings=MORE)
        assert (found.code, status) == ("V0809", 3), what
        assert str(tmp_path / "run") in found.message and found.help, what
        changed = {name for name, content in tree(tmp_path).items() if before.get(name, 0) != content}
        assert changed <= {"run/run.json"}, what
        shutil.rmtree(tmp_path / "run")
        shutil.rmtree(tmp_path / "outside", ignore_errors=True)


def test_files_of_a_run_that_were_deleted_are_made_again(spec, run, tmp_path):
    path = spec("epochs = 2, batch = 32")
    run(path)
    whole = tree(tmp_path / "run")
    for name in ("model.py", "metrics.jsonl", "curves.png", "summary.json"):
        (tmp_path / "run" / name).unlink()
    shutil.rmtree(tmp_path / "run" / "export")
    run(path, resume=tmp_path / "run")
    again = tree(tmp_path / "run")
    assert {n: c for n, c in again.items() if n != "run.json"} == {n: c for n, c in whole.items() if n != "run.json"}


def test_a_link_that_appears_while_a_run_trains_is_not_followed(spec, run, tmp_path):
    """What has the place of a file is replaced itself; what has the place of a folder stops the run."""
    from vitc.runtime.training.train import Listener

    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("mine")

    def swap(row):
        (tmp_path / "run" / "metrics.jsonl").unlink()
        (tmp_path / "run" / "metrics.jsonl").symlink_to(tmp_path / "outside" / "file")
        if row["epoch"] == 2:
            (tmp_path / "run" / "export").symlink_to(tmp_path / "outside")

    with pytest.raises(VitError) as caught:
        run(spec("epochs = 3, batch = 32"), listener=Listener(epoch=swap))
    assert caught.value.diagnostics[0].code == "V0809"
    assert not (tmp_path / "run" / "metrics.jsonl").is_symlink()
    assert tree(tmp_path / "outside") == {"file": b"mine"}


#: Holds the run's lock until its input ends.
HOLDER = """
import sys
from pathlib import Path
from vitc.runtime.training import folder
with folder.reopened(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_resumed_by_one_process_and_the_lock_ends_with_it(spec, run, refused, tmp_path):
    path = spec("epochs = 1, batch = 32")
    run(path)
    command = [sys.executable, "-c", HOLDER, tmp_path / "run"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        found, status = refused(run, path, resume=tmp_path / "run", settings={"train.epochs": "2"})
        assert (found.code, status) == ("V1107", 3)
        holder.kill()
    assert run(path, resume=tmp_path / "run", settings={"train.epochs": "2"})["epochs"] == 2


def _claim(folder_and_name, barrier, answers):
    os.chdir(folder_and_name[0])
    out = None if folder_and_name[1] is None else Path(folder_and_name[1])
    barrier.wait()
    try:
        with folder.claimed(out, "small") as run:
            barrier.wait()
            run.begin({"set": {}})
            answers.put(str(run.path))
    except VitError as problem:
        barrier.wait()
        answers.put(problem.diagnostics[0].code)


@pytest.mark.parametrize("out", [None, "one"])
def test_two_that_start_at_once_do_not_share_a_folder(tmp_path, out):
    context = multiprocessing.get_context("fork")
    for turn in range(5):
        where = tmp_path / str(turn)
        where.mkdir()
        barrier, answers = context.Barrier(4), context.Queue()
        processes = [context.Process(target=_claim, args=((where, out), barrier, answers)) for _ in range(4)]
        for process in processes:
            process.start()
        got = sorted(answers.get(timeout=60) for _ in processes)
        for process in processes:
            process.join()
        expected = ["V1107", "V1107", "V1107", "one"] if out else [f"runs/small{n}" for n in ("", "-2", "-3", "-4")]
        assert got == expected


def test_a_record_is_only_taken_as_it_was_written(spec, run, refused, tmp_path):
    path = spec("epochs = 1, batch = 32")
    run(path)
    record = tmp_path / "run" / "run.json"
    facts = json.loads(record.read_text())
    record.write_text(json.dumps({**facts, "seed": 5}, indent=2) + "\n")
    found, status = refused(run, path, resume=tmp_path / "run")
    assert (found.code, status) == ("V1102", 3)
    assert found.message == f"`{record}` is damaged, or was changed by hand"
