"""How deep definitions and values stand inside each other: what is taken, what is refused, and that Python's own limit of
nested calls, which belongs to whoever calls the compiler, stays as it is."""

import sys
import time

import pytest
from vitc.compiler.elaborate import check
from vitc.compiler.elaborate.library import loads

NET = """
block net(image: shape = 4x4x1, width = 2%s) {
  fc = linear(width)
%s
  forward(image: [C, H, W]) { return %s }
}

model m = net { %s }
"""
FLAT = 'fc(rearrange(image, "c h w -> (c h w)"))'


def values(count):
    """Parameters, each the next one."""
    chain = "".join(f", p{i} = p{i + 1}" for i in range(count))
    return "vit 1\n" + NET % (f"{chain}, p{count} = 2", "", FLAT, "width = p0")


def sums(count):
    """Parameters, each computed of the next one."""
    chain = "".join(f", p{i} = p{i + 1} + 0" for i in range(count))
    return "vit 1\n" + NET % (f"{chain}, p{count} = 2", "", FLAT, "width = p0")


def blocks(count):
    """Blocks, each with the next one in a list, called inside an `if`."""
    text = "vit 1\n"
    for i in range(count):
        text += f"\nblock b{i}() {{\n  a = [b{i + 1}, identity]\n\n  forward(x: [N]) {{\n"
        text += "    if true {\n      x = a(x)\n    }\n    return x\n  }\n}\n"
    text += f"\nblock b{count}() {{\n  fc = linear(3)\n\n  forward(x: [N]) {{ return fc(x) }}\n}}\n"
    return text + NET % ("", "  a = b0", f"a({FLAT})", "")


def functions(count):
    """Functions, each calling the next one."""
    text = "".join(f"\nfn f{i}(x) {{\n  return f{i + 1}(x)\n}}\n" for i in range(count))
    return f"vit 1\n{text}\nfn f{count}(x) {{\n  return x\n}}\n" + NET % ("", "", FLAT, "width = f0(2)")


def models(count):
    """Models, each inheriting from the one before."""
    text = "vit 1\n" + NET.replace("model m =", "model m0 =") % ("", "", FLAT, "width = 3")
    text += "".join(f"model m{i} = m{i - 1} {{}}\n" for i in range(1, count))
    return text + f"model m = m{count - 1} {{}}\n"


def codes(text):
    return [d.code for d in check(loads(text), "m").problems]


@pytest.fixture(autouse=True)
def _limit(monkeypatch):
    def refuse(limit):
        raise AssertionError("the limit of nested calls is Python's, and its caller's")

    monkeypatch.setattr(sys, "setrecursionlimit", refuse)


@pytest.mark.parametrize(
    ("make", "count"), [(values, 1_000), (sums, 900), (blocks, 55), (functions, 58), (models, 2_000)]
)
def test_what_was_taken_is_taken(make, count):
    assert codes(make(count)) == []


@pytest.mark.parametrize(("make", "count"), [(values, 2_100), (sums, 1_300), (blocks, 70), (functions, 70)])
def test_what_is_too_deep_is_refused_in_time(make, count):
    start = time.process_time()
    assert codes(make(count)) == ["V0503"]
    assert time.process_time() - start < 5


@pytest.mark.parametrize("make", [values, sums, blocks, functions])
def test_a_caller_may_have_used_half_of_the_stack(make):
    text = make(50)

    def deeper(frames):
        return codes(text) if not frames else deeper(frames - 1)

    assert deeper(sys.getrecursionlimit() // 2) == []
