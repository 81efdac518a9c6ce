"""A checkpoint whose bytes are not those that were written is refused by the name of the file, whatever changed."""

import json
import random
import shutil

FILES = ("model.safetensors", "optimizer.safetensors", "state.json")


def flipped(path, at, mask):
    content = bytearray(path.read_bytes())
    content[at] ^= mask
    path.write_bytes(content)


def test_a_flipped_byte_anywhere_in_a_checkpoint_or_the_record_is_refused(spec, run, refused, tmp_path):
    """240 places, drawn; each flip is undone after it was refused, and in the end the run is resumed."""
    path = spec("epochs = 1, batch = 32")
    run(path)
    newest, rng = tmp_path / "run" / "checkpoints" / "epoch-0000001", random.Random(0)
    from vitc.runtime.training import folder, intact

    def opened():
        with folder.reopened(tmp_path / "run") as found:
            intact.check(found)

    for turn in range(240):
        file = (tmp_path / "run" / "run.json") if turn % 4 == 3 else newest / FILES[turn % 4]
        at, mask = rng.randrange(file.stat().st_size), rng.randrange(1, 256)
        flipped(file, at, mask)
        found, status = refused(opened)
        assert status == 3 and f"`{file}`" in found.message
        assert found.code == "V1102" or (file.name == "run.json" and found.code == "V1103")
        flipped(file, at, mask)
    assert run(path, resume=tmp_path / "run", settings={"train.epochs": "2"})["epochs"] == 2


def cut(path, other):
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path, other):
    path.write_bytes(b"")


def lengthened(path, other):
    path.write_bytes(path.read_bytes() + b"\n")


def deleted(path, other):
    path.unlink()


def swapped(path, other):
    shutil.copyfile(other / path.name, path)


def linked(path, other):
    shutil.move(path, other / "moved")
    path.symlink_to(other / "moved")


def test_files_that_are_cut_missing_or_of_another_checkpoint_are_refused(spec, run, refused, tmp_path):
    """With the checkpoint to resume from instead, which is the best one here; it is taken only when it is named."""
    path = spec("epochs = 3, batch = 16, schedule = constant", "source = fake(count = 32), validation = 0.25")
    run(path)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    (best,) = set(facts["checkpoints"]) - {facts["newest"]}  # the seed makes an earlier epoch the best
    shutil.move(tmp_path / "run", tmp_path / "kept")
    newest = tmp_path / "run" / "checkpoints" / facts["newest"]
    for harm in (cut, emptied, lengthened, deleted, swapped, linked):
        for file in FILES:
            shutil.copytree(tmp_path / "kept", tmp_path / "run")
            harm(newest / file, newest.with_name(best))
            before = sorted((p, p.stat().st_mtime_ns) for p in newest.parent.rglob("*"))
            found, status = refused(run, path, resume=tmp_path / "run", settings={"train.epochs": "4"})
            assert (found.code, status) == ("V1102", 3) and f"`{newest / file}`" in found.message
            assert f"--resume {newest.with_name(best)}" in found.help
            assert sorted((p, p.stat().st_mtime_ns) for p in newest.parent.rglob("*")) == before
            shutil.rmtree(tmp_path / "run")
    shutil.copytree(tmp_path / "kept", tmp_path / "run")
    deleted(newest / "state.json", None)
    run(path, resume=newest.with_name(best), settings={"train.epochs": "4"})
    run(path, resume=tmp_path / "kept", settings={"train.epochs": "4"})
    ends = [(tmp_path / name / "export" / "model.safetensors").read_bytes() for name in ("run", "kept")]
    assert ends[0] == ends[1]


def test_a_checkpoint_that_is_gone_is_refused(spec, run, refused, tmp_path):
    path = spec("epochs = 1, batch = 32")
    run(path)
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    found, status = refused(run, path, resume=tmp_path / "run", settings={"train.epochs": "2"})
    assert (found.code, status) == ("V1102", 3) and "is missing" in found.message
    found, _ = refused(run, path, resume=tmp_path / "run" / "checkpoints" / "epoch-0000009")
    assert (found.code, found.help) == ("V1102", "it has epoch-0000001")


def test_a_damaged_best_checkpoint_is_found_before_training(spec, run, refused, tmp_path, monkeypatch):
    path = spec("epochs = 3, batch = 16, keep = best", "source = fake(count = 32), validation = 0.25")
    run(path)
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    (best,) = set(facts["checkpoints"]) - {facts["newest"]}
    cut(tmp_path / "run" / "checkpoints" / best / "model.safetensors", None)
    monkeypatch.setattr("vitc.runtime.training.trainer.Trainer.epoch", None)
    found, _ = refused(run, path, resume=tmp_path / "run", settings={"train.epochs": "4"})
    assert found.code == "V1102" and best in found.message
