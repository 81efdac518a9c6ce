"""`vitc fmt`: only white space changes, every comment stays, twice is once."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import vitc
from vitc.diagnostics.source import Source
from vitc.grammar.formatter import WIDTH, comments, formatted
from vitc.grammar.parser import parse

SPECS = Path(vitc.__file__).parent / "specs"
TEXTS = sorted([*SPECS.glob("*/*.vit"), *Path(__file__).parents[1].glob("elaborate/specs/*.vit")])


def same(old, new):
    assert parse(Source("new", new)) == parse(Source("old", old))
    assert comments(new) == comments(old)
    assert formatted(new) == new


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_text_keeps_its_tree_and_its_comments(path):
    text = path.read_text(encoding="utf-8")
    same(text, formatted(text))


@pytest.mark.parametrize("path", TEXTS[::5], ids=lambda path: path.stem)
def test_however_the_text_was_spaced(path):
    """Spaces more and fewer, and indentation lost: the same layout comes out, where lines are the same."""
    text, rng = formatted(path.read_text(encoding="utf-8")), random.Random(path.stem)
    spaced = []
    for line in text.split("\n"):
        parts = re.split(r'("(?:[^"\\]|\\.)*"|#.*| (?=(?:epochs?|steps?)\b))', line.strip())
        parts[::2] = [re.sub(r"(?<=[,(\[{]) ?", lambda m: " " * rng.randint(0, 3), part) for part in parts[::2]]
        spaced.append(" " * rng.randint(0, 5) + "".join(parts) + " " * rng.randint(0, 2))
    assert formatted("\n".join(spaced)) == text


def test_lines_are_at_most_120_wide_but_for_texts_and_comments():
    for path in TEXTS:
        for line in formatted(path.read_text(encoding="utf-8")).split("\n"):
            assert len(line) <= WIDTH or "#" in line or '"' in line, f"{path.name}: {line}"


@pytest.mark.parametrize("path", sorted(SPECS.glob("*/*.vit")), ids=lambda path: path.stem)
def test_the_bundled_texts_are_laid_out_so(path):
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text
    assert max(map(len, text.split("\n"))) <= WIDTH


def test_arms_of_a_match_are_aligned_and_else_begins_a_line():
    condition = " + ".join(f"name_{i}" for i in range(12))
    text = f"""vit 1
fn f(a: x | long = x) {{
  expect {condition} == 0 else "twelve names"
  return match a {{
    x => 1
    long => 2
  }}
}}
"""
    assert (
        formatted(text)
        == f"""vit 1
fn f(a: x | long = x) {{
  expect {condition} == 0
    else "twelve names"
  return match a {{
    x    => 1
    long => 2
  }}
}}
"""
    )
    same(text, formatted(text))


def test_bindings_after_a_fn_of_several_lines_are_aligned():
    text = """vit 1

fn f(
  a: int, b = 1
) = [
  a, b
]

block net {
  a      = f(1)
  longer = f(2)
}
"""
    assert formatted(text) == text


def test_a_layout_by_hand():
    text = """vit 1
use   "std/rope.vit"


# above
block net(image:shape=8x8x3,dim :int>0=-4,kind:a|b=a){
    a=linear( dim )
    longer   =  [ gelu,layernorm( eps=1e-6 ) ]   # behind

    forward( image:[C,H,W] )->[ 10 ]{
  x = image[ ..,::2 , 1:-1 ]*-2
      y:[N,dim]=if C>3 then x else -x
    return head( x[0],axis=-1 )
  }
}
train{epochs=5 epochs,optimizer.lr=1e-3}
"""
    assert (
        formatted(text)
        == """vit 1
use "std/rope.vit"

# above
block net(image: shape = 8x8x3, dim: int > 0 = -4, kind: a | b = a) {
  a      = linear(dim)
  longer = [gelu, layernorm(eps = 1e-6)]  # behind

  forward(image: [C, H, W]) -> [10] {
    x = image[.., ::2, 1:-1] * -2
    y: [N, dim] = if C > 3 then x else -x
    return head(x[0], axis = -1)
  }
}
train { epochs = 5 epochs, optimizer.lr = 1e-3 }
"""
    )


def test_a_long_line_is_broken_at_its_outermost_brackets():
    entries = ", ".join(f"name_{i} = {i}" for i in range(14))
    lines = formatted(f"vit 1\nmodel m = vit {{ {entries} }}\n").split("\n")
    assert (
        lines[1] == "model m = vit {" and lines[-2] == "}" and all(line.startswith("  name_") for line in lines[2:-2])
    )
    assert len(lines) == 6


def vitc_fmt(*args, text=None):
    return subprocess.run(
        [sys.executable, "-m", "vitc", "fmt", *args],
        capture_output=True,
        text=True,
        input=text,
        timeout=60,
        check=False,
    )


def test_the_command(tmp_path):
    spec, good = tmp_path / "a.vit", "vit 1\n\nmodel m = vit { dim = 96 }\n"
    spec.write_text("vit 1\n\nmodel m=vit{dim=96}\n")
    spec.chmod(0o640)
    done = vitc_fmt("--check", str(spec))
    assert (done.returncode, done.stdout) == (1, f"{spec}: not formatted\n") and "=vit{" in spec.read_text()
    done = vitc_fmt(str(spec))
    assert (done.returncode, done.stdout, spec.read_text()) == (0, f"{spec}: formatted\n", good)
    assert spec.stat().st_mode & 0o777 == 0o640 and [p.name for p in tmp_path.iterdir()] == ["a.vit"]
    assert (vitc_fmt("--check", str(spec)).returncode, vitc_fmt(str(spec)).stdout) == (0, "")
    assert vitc_fmt("-", text="vit 1\nmodel m=vit\n").stdout == "vit 1\nmodel m = vit\n"
    spec.write_text("vit 1\nmodel m = vit {\n")
    done = vitc_fmt(str(spec))
    assert done.returncode == 1 and "V0104" in done.stderr and spec.read_text() == "vit 1\nmodel m = vit {\n"
    assert vitc_fmt(str(tmp_path / "none.vit")).returncode == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"#" * 300_000, "V0105"), (b"vit 1\n# \xff\n", "V0106"), (b"vit 1\nmodel m = vit {\n", "V0104")],
)
def test_standard_input_is_read_as_a_file_is(tmp_path, text, code):
    (tmp_path / "a.vit").write_bytes(text)
    for command in (["fmt", "-"], ["fmt", "a.vit"], ["check", "-"], ["check", "a.vit"]):
        done = subprocess.run(
            [sys.executable, "-m", "vitc", *command], cwd=tmp_path, input=text, capture_output=True, check=False
        )
        told = done.stderr.decode().splitlines()
        assert done.returncode == 1 and told[0].startswith(f"error[{code}]"), command
        assert told[1].startswith("  --> <stdin>" if command[1] == "-" else "  --> a.vit")
    assert (tmp_path / "a.vit").read_bytes() == text


def test_standard_output_has_the_bytes_that_a_file_would(tmp_path):
    text = "\ufeffvit 1\r\n# é\r\nmodel m=vit\r\n".encode()
    (tmp_path / "a.vit").write_bytes(text)
    command = [sys.executable, "-m", "vitc", "fmt"]
    ascii = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*command, "-"], input=text, capture_output=True, env=ascii, check=True)
    subprocess.run([*command, "a.vit"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == (tmp_path / "a.vit").read_bytes() == "\ufeffvit 1\r\n# é\r\nmodel m = vit\r\n".encode()
