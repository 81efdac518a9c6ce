"""`vitc check` as a user runs it."""

import json
import subprocess
import sys

import pytest


def vitc(*args, cwd, input=None):
    command = [sys.executable, "-m", "vitc", *args]
    return subprocess.run(command, cwd=cwd, input=input, capture_output=True, text=True, timeout=60, check=False)


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
        "models": [{"spec": "vit_tiny_patch16_224", "model": "vit_tiny_patch16_224", "params": 5_717_416}],
        "warnings": [],
    }


def test_what_has_no_effect_is_a_warning_and_strictly_an_error(tmp_path):
    (tmp_path / "a.vit").write_text(SMALL.format("m").replace("depth = 1", "depth = 9, blocks = [layer()]"))
    done = vitc("check", "a.vit", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "m: 1,355 parameters\n")
    assert done.stderr.startswith("warning[V0414]: `depth` has no effect")
    done = vitc("check", "a.vit", "--strict", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("error[V0414]: `depth` has no effect")
    done = vitc("check", "a.vit", "--format", "json", cwd=tmp_path)
    (warning,) = json.loads(done.stdout)["warnings"]
    assert (warning["severity"], warning["code"], warning["place"]["line"]) == ("warning", "V0414", 2)


def test_a_setting_of_a_block_that_one_model_reads_has_an_effect(tmp_path):
    """`ratio` is read where `plain` is false: the second model reads it."""
    text = """vit 1
block inner(ratio = 2.0, plain = true) {
  fc = linear(10)

  forward(x: [N, D]) { return if plain then fc(x) else ratio * fc(x) }
}
block net(image: shape = 8x8x3, plain = true) {
  inner = inner(ratio = 3.0, plain = plain)

  forward(image: [C, H, W]) { return mean(inner(tokens(image)), axis = -2) }
}
model a = net
"""
    (tmp_path / "a.vit").write_text(text)
    assert "V0414" in vitc("check", "a.vit", cwd=tmp_path).stderr
    (tmp_path / "a.vit").write_text(text + "model b = net { plain = false }\n")
    assert vitc("check", "a.vit", cwd=tmp_path).stderr == ""


def test_settings_apply_in_their_order(tmp_path):
    """A whole value drops what was set inside the old one; what is set inside afterwards stays."""
    (tmp_path / "a.vit").write_text(SMALL.format("m"))
    bias = ["--set", "mlp.fc1.bias=false"]
    for settings, params in ((bias, 1355 - 32), ([*bias, "--set", "mlp=mlp"], 1355), (["--set", "mlp=mlp", *bias], 1355 - 32),
                             ([*bias, "--set", "mlp=mlp", *bias], 1355 - 32)):  # fmt: skip
        assert vitc("check", "a.vit", *settings, cwd=tmp_path).stdout == f"m: {params:,} parameters\n"


def test_explain_tells_what_a_bundled_definition_says_of_itself(tmp_path):
    done = vitc("explain", "attention", cwd=tmp_path)
    assert done.stdout.startswith("block attention  (std/std.vit:")
    assert "  heads: int > 0\n" in done.stdout and "\n      a norm of queries and keys, head by head\n" in done.stdout
    assert done.stdout.endswith("\n  proj = linear(dim)\nforward(x: [.., N, dim]) -> [.., N, dim]\n")
    assert vitc("explain", "to_map", cwd=tmp_path).stdout.endswith("\n-> [.., dim, H, W]\n")
    found = json.loads(vitc("explain", "vit", "--format", "json", cwd=tmp_path).stdout)
    assert found["bindings"][-1] == {"name": "head", "type": "", "default": "optional(linear, classes)", "text": ""}
    assert (found["kind"], found["parameters"][2]) == (
        "block", {"name": "dim", "type": "int > 0", "default": "768", "text": "channels of a token"})  # fmt: skip
    done = vitc("explain", "nothing", cwd=tmp_path)
    assert done.returncode == 2 and "`nothing` is no code and no block, fn, model or op" in done.stderr


def test_an_error_on_a_terminal_names_the_command_that_explains_it():
    from vitc.diagnostics import Diagnostic
    from vitc.diagnostics.messages import render

    assert render([Diagnostic("V0412", "x", help="y")], color=True).endswith("  help: y     vitc explain V0412\n")
    assert render([Diagnostic("V0412", "x")], color=True).endswith("  vitc explain V0412\n")
    assert "explain" not in render([Diagnostic("V0412", "x", help="y")])


#: 1,355 parameters: 392 embed patches, 8 the class token, 40 positions, 872 the block, 16 the norm, 27 the head.
SMALL = "vit 1\nmodel {} = vit {{ image = 8x8x3, patch = 4, dim = 8, depth = 1, heads = 2, classes = 3 }}\n"


def test_a_line_for_each_model_of_several_specs_and_one_for_each_with_mistakes(tmp_path):
    (tmp_path / "a.vit").write_text(SMALL.format("m") + "model n = m { classes = 4 }\n")
    (tmp_path / "b.vit").write_text(SMALL.format("m").replace("depth", "dpeth").replace("dim", "dmi"))
    (tmp_path / "c.vit").write_text("vit 1\nblock twice() { forward(x: [N, D]) { return x + x } }\n")
    done = vitc("check", "a.vit", "b.vit", "digits", "c.vit", "none.vit", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        "a.vit: m: 1,355 parameters",
        "a.vit: n: 1,364 parameters",
        "b.vit: 2 errors",
        "digits: 202,058 parameters",
        "c.vit: no model",
        "none.vit: 1 error",
    ]
    assert done.stderr.count("error[") == 3
    assert vitc("check", "a.vit", cwd=tmp_path).stdout == "m: 1,355 parameters\nn: 1,364 parameters\n"
    assert vitc("check", "c.vit", cwd=tmp_path).stdout == "c.vit: no model\n"


def test_a_folder_is_the_specs_below_it(tmp_path):
    places = ["b.vit", "a/z.vit", "a/c.d/y.vit", ".git/x.vit", "a/.hidden/x.vit", "a/._z.vit", "other.txt"]
    for place in places:
        (tmp_path / "specs" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "specs" / place).write_text(SMALL.format("m"))
    (tmp_path / "specs" / "a" / "loop").symlink_to(tmp_path / "specs")
    (tmp_path / "empty.vit").mkdir()
    shown = ["specs/a/c.d/y.vit", "specs/a/z.vit", "specs/b.vit"]
    done = vitc("check", "specs", "--format", "json", cwd=tmp_path)
    assert [row["spec"] for row in json.loads(done.stdout)["models"]] == shown
    assert vitc("check", "specs/", cwd=tmp_path).stdout == "".join(f"{name}: m: 1,355 parameters\n" for name in shown)
    assert vitc("check", ".", cwd=tmp_path / "specs" / "a").stdout.splitlines()[1] == "z.vit: m: 1,355 parameters"
    for command, words in (("check", "below the folder `empty.vit`"), ("show", "`empty.vit` is a folder")):
        done = vitc(command, "empty.vit", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (3, "") and words in done.stderr


def test_a_spec_from_standard_input_with_paths_relative_to_the_current_folder(tmp_path):
    (tmp_path / "part.vit").write_text("vit 1\nblock twice() { forward(x: [N, D]) { return x + x } }\n")
    text = SMALL.format("m").replace("vit 1\n", 'vit 1\nuse "part.vit"\n')
    done = vitc("check", "-", cwd=tmp_path, input=text)
    assert (done.returncode, done.stdout) == (0, "m: 1,355 parameters\n"), done.stderr
    done = vitc("compile", "-", "--to", "onnx", "--no-verify", cwd=tmp_path, input=text)
    assert done.returncode == 0, done.stderr
    (tmp_path / "m.vit").write_text(text)
    assert vitc("compile", "m.vit", "--to", "onnx", "--no-verify", "-o", "b", cwd=tmp_path).returncode == 0
    for name in ("manifest.json", "model.onnx", "model.safetensors"):
        assert (tmp_path / "out" / "m" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    text += 'weights { file = "b/model.safetensors" }\n'
    done = vitc("compile", "-", "--seed", "5", "--to", "torch", "--no-verify", "-o", "c", cwd=tmp_path, input=text)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "c" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (b"", "V0101", "<stdin>:1:1"),
        (b"vit 1\nmodel m = vit { dpeth = 1 }\n", "V0202", "<stdin>:2:17"),
        (b'vit 1\nuse "../m.vit"\nmodel m = vit\n', "V0211", "<stdin>:2:5"),
        (b'vit 1\nuse "none.vit"\nmodel m = vit\n', "V0210", "<stdin>:2:5"),
        (b"vit 1\n\xff", "V0106", "<stdin>"),
        (b"#" * 2_000_000, "V0105", "<stdin>"),
    ],
)
def test_wrong_texts_from_standard_input(tmp_path, text, code, place):
    command = [sys.executable, "-m", "vitc", "check", "-"]
    done = subprocess.run(command, cwd=tmp_path, input=text, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[0].startswith(f"error[{code}]")
    assert done.stderr.decode().splitlines()[1] == f"  --> {place}"


def test_a_pipe_or_a_device_is_no_spec(tmp_path):
    done = vitc("check", "/dev/null", cwd=tmp_path)
    assert done.returncode == 3
    assert (
        "error[V1002]: `/dev/null` is not an ordinary file\n  help: `-` reads a spec from standard input" in done.stderr
    )
