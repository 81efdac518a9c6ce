"""Folders of plug-ins: every file is one, of the kind that its folder asks for, and no other file lists them."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from vitc.compiler.backends import BACKENDS, Backend, needed, ordered
from vitc.compiler.configuration import Choice
from vitc.compiler.elaborate import check
from vitc.compiler.elaborate.library import loads
from vitc.compiler.ops import OPS
from vitc.compiler.plugins import Folder
from vitc.runtime.data.sources import SOURCES
from vitc.runtime.sections import SECTIONS
from vitc.runtime.training.augmentations import AUGMENTATIONS
from vitc.runtime.training.criteria import CRITERIA
from vitc.runtime.training.optimizers import OPTIMIZERS
from vitc.runtime.training.schedules import SCHEDULES
from vitc.runtime.verify.targets import TARGETS

ROOT = Path(__file__).parents[2]
FOLDERS = [OPS, BACKENDS, TARGETS, SECTIONS, SOURCES, AUGMENTATIONS, CRITERIA, OPTIMIZERS, SCHEDULES]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.package)
def test_every_file_of_a_folder_is_a_plug_in(folder):
    assert folder.names()
    for name in folder.names():
        found = folder.get(name)
        assert issubclass(found, folder.kind) and not getattr(found, "__abstractmethods__", None)
    with pytest.raises(KeyError):
        folder.get("nothing")


def test_a_file_without_its_class_is_told_and_a_new_file_is_found(tmp_path, monkeypatch):
    package = tmp_path / "some_ways"
    package.mkdir()
    (package / "__init__.py").write_text("class Way:\n    pass\n")
    (package / "good.py").write_text("from some_ways import Way\nclass Good(Way):\n    pass\n")
    (package / "empty.py").write_text("from some_ways import Way\n")
    (package / "_private.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import some_ways  # type: ignore[reportMissingImports] -- made above

    folder = Folder("some_ways", some_ways.Way)
    assert folder.names() == ("empty", "good")
    assert folder.get("good").__name__ == "Good"
    with pytest.raises(TypeError, match="empty defines 0 classes"):
        folder.get("empty")
    for name in [name for name in sys.modules if name.startswith("some_ways")]:
        monkeypatch.delitem(sys.modules, name)


def test_backends_are_written_after_what_they_need():
    order = ordered()
    assert len({BACKENDS.get(name).order for name in order}) == len(order)
    for name in order:
        assert all(order.index(other) < order.index(name) for other in BACKENDS.get(name).needs)
    assert needed(("torchscript",)) == ("torch", "torchscript")
    files = [file for name in order for file in BACKENDS.get(name).files]
    assert len(set(files)) == len(files) and issubclass(BACKENDS.get("onnx"), Backend)


def test_no_other_source_names_a_backend():
    """`onnx` and `torch` are libraries too: the backend that is only a backend shows it."""
    for folder in ("compiler", "runtime", "application", "cli"):
        for path in (ROOT / folder).rglob("*.py"):
            if not {"backends", "targets"} & {part.name for part in path.parents}:
                assert not re.search(r"[\"'`](torchscript|model\.ts)[\"'`]", path.read_text(encoding="utf-8")), path


def test_the_compiler_reads_the_sections_that_it_is_handed(tmp_path):
    text = "vit 1\nmodel m = vit { depth = 1 }\nserve { port = 1 }\nserve m { host = here }\n"
    library = replace(loads(text), sections=(*SECTIONS.names(), "serve"))
    (found,) = [check(library, "m", {"serve.port": "2"}).sections["serve"]]
    assert [(key, entry.value) for key, entry in found.entries.items()] == [("port", 2), ("host", Choice("here"))]
    refused = check(replace(library, sections=SECTIONS.names()), "m", {"serve.port": "2"})
    assert [d.code for d in refused.problems] == ["V0202"] * 3 and "serve" not in refused.sections


def test_an_unknown_section_is_told_with_the_other_mistakes(tmp_path):
    (tmp_path / "m.vit").write_text(
        "vit 1\nmodel m = vit { dpeth = 1 }\ntrian { epochs = 3 }\ninput { mean = 0.5 }\ndata { mean = 3 }\n"
    )
    command = [sys.executable, "-m", "vitc", "check", "m.vit", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = {d["place"]["line"]: (d["code"], d["help"]) for d in json.loads(done.stdout)["diagnostics"]}
    assert {line: code for line, (code, _) in told.items()} == {2: "V0202", 3: "V0202", 4: "V0202", 5: "V0609"}
    assert "did you mean `train`" in told[3][1] and "sheet" in told[4][1] and done.returncode == 1
