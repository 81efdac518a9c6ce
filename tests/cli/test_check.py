"""`vitc check` as a user runs it."""

import json
import subprocess
import sys

import pytest


def vitc(*args, cwd):
    return subprocess.run(
        [sys.executable, "-m", "vitc", *args], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_bundled_model(tmp_path):
    done = vitc("check", "vit_base_patch16_224", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "vit_base_patch16_224: 86,567,656 parameters\n")


def test_the_error_points_at_what_divides(tmp_path):
    (tmp_path / "a.vit").write_text("vit 1\n\nmodel mine = vit {\n  dim     = 768\n\n  heads   = 10\n}\n")
    done = vitc("check", "a.vit", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[:6] == [
        "error[V0412]: 768 channels do not split into 10 heads",
        "  --> a.vit:6:13",
        "   4 |   dim     = 768",
        "     |             --- 768 set here",
        "   6 |   heads   = 10",
        "     |             ^^ 768 / 10 = 76.8",
    ]


def test_all_mistakes_of_a_sheet_in_one_run(tmp_path):
    (tmp_path / "a.vit").write_text(
        "vit 1\nmodel m = vit {\n  dpeth = 3\n  pool = mena\n  depth = -1\n  heads = 3.5\n}\n"
    )
    done = vitc("check", "a.vit", "--format", "json", cwd=tmp_path)
    found = [(d["code"], d["place"]["line"], d["place"]["column"]) for d in json.loads(done.stdout)["diagnostics"]]
    assert found == [("V0202", 3, 3), ("V0201", 4, 10), ("V0304", 5, 11), ("V0302", 6, 11)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "V0101"),
        ("vit 2\n", "V0101"),
        ("vit 1\nmodel m = vit { image = 225x224x3 }\n", "V0412"),
        ("vit 1\nmodel m = vit { depth = 0 }\n", "V0304"),
        ("vit 1\nmodel m = vit { dim = 10 ** 30 }\n", "V0309"),
        ("vit 1\nmodel m = vit { dim = 1000000000000, heads = 1 }\n", "V0501"),
        ("vit 1\nmodel m = vit { depth = 1000000000 }\n", "V0504"),
        ("vit 1\nmodel m = m { }\n", "V0206"),
        ('vit 1\nuse "../a.vit"\nmodel m = vit\n', "V0211"),
        ("vit 1\nmodel m = vit { dim = " + "(" * 10_000 + "1" + ")" * 10_000 + " }\n", "V0107"),
        ("vit 1\ntrain nobody { epochs = 1 }\nmodel m = vit\n", "V0201"),
        ("vit 1\nmodel m = vit { heads = heads }\n", "V0201"),
        ("vit 1\nmodel m = vit { heads = patch, patch = heads }\n", "V0207"),
    ],
)
def test_wrong_texts_are_refused_with_a_code(tmp_path, text, code):
    (tmp_path / "a.vit").write_text(text)
    done = vitc("check", "a.vit", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert f"error[{code}]" in done.stderr
    assert "Traceback" not in done.stderr


def test_checking_imports_nothing_heavy(tmp_path):
    code = (
        "import sys; from vitc.cli.main import main\n"
        "sys.argv = ['vitc', 'check', 'vit_base_patch16_224']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'onnx', 'onnxruntime', 'torchvision', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_several_specs_and_their_mistakes_in_the_order_of_their_texts(tmp_path):
    (tmp_path / "a.vit").write_text(
        "vit 1\nmodel x = vit { dpeth = 1 }\nmodel y = vit { pool = 3, dim = -1 }\nmodel z = x\n"
    )
    (tmp_path / "b.vit").write_text("vit 1\nmodel m = vit { depth = 1 }\ntrain { epoch = 3, batch = 0 }\n")
    done = vitc("check", "b.vit", "a.vit", "nothing.vit", "--format", "json", cwd=tmp_path)
    found = [(d["code"], d["file"], d["place"] and d["place"]["line"]) for d in json.loads(done.stdout)["diagnostics"]]
    assert done.returncode == 3
    assert found == [
        ("V0602", "b.vit", 3), ("V0603", "b.vit", 3), ("V0202", "a.vit", 2), ("V0302", "a.vit", 3), ("V0304", "a.vit", 3),
        ("V1002", None, None),
    ]  # fmt: skip


def test_what_the_command_line_re_binds_wrongly_is_the_command_lines(tmp_path):
    for setting in ("dpeth=3", "heads=7", "depth=", "trian.epochs=3"):
        done = vitc("check", "vit_tiny_patch16_224", "--set", setting, cwd=tmp_path)
        assert done.returncode == 2, (setting, done.stderr)
    done = vitc("check", "vit_tiny_patch16_224", "--set", "heads=2", "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout) == {
        "models": [{"spec": "vit_tiny_patch16_224", "model": "vit_tiny_patch16_224", "params": 5_717_416}]
    }


def test_an_error_on_a_terminal_names_the_command_that_explains_it():
    from vitc.grammar.diagnostics import Diagnostic
    from vitc.grammar.messages import render

    assert render([Diagnostic("V0412", "x", help="y")], color=True).endswith("  help: y     vitc explain V0412\n")
    assert render([Diagnostic("V0412", "x")], color=True).endswith("  vitc explain V0412\n")
    assert "explain" not in render([Diagnostic("V0412", "x", help="y")])
