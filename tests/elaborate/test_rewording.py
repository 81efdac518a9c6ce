"""No place depends on the words of a message: all of them are replaced, and every caret stays.

The replacement keeps equal texts equal and others apart, as findings are told once, but none of their words and numbers;
the numbers that it has are values of many settings, for whoever looks for one in a text.
"""

from hashlib import sha256
from inspect import signature
from pathlib import Path

import pytest
from shared import NAMES, place, read
from vitc.compiler import elaborate
from vitc.compiler.elaborate.context import Context
from vitc.compiler.elaborate.library import loads
from vitc.compiler.ops.base import OpError
from vitc.diagnostics import Diagnostic, Label, VitError

CASES = Path(__file__).parents[1] / "cases" / "diagnostics"
GOLDEN = sorted(path.stem for path in CASES.glob("*.vit"))
#: What takes texts for people, and under which names.
WORDED = ((OpError, "__init__"), (Context, "fail"), (Context, "warn"), (Diagnostic, "__init__"), (Label, "__init__"))
TEXTS = ("message", "label", "help", "text")
#: A mistake whose caret an op's numbers narrow to one number of a call.
SLOT = """vit 1
block wide(out: int) {
  fc = linear(out)

  forward(x: [N, D]) { return fc(x) }
}
model m = vit { image = 64x64x3, patch = 8, dim = 48, heads = 8, depth = 1, mlp = wide(40) }
"""


def reworded(text):
    letters = sha256(text.encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    return f"zq{letters} 64 12 8 1" if text else ""


def rewording(function):
    """The same function, given other words."""
    takes = signature(function)

    def inner(*args, **kwargs):
        given = takes.bind(*args, **kwargs)
        given.arguments.update({n: reworded(text) for n, text in given.arguments.items() if n in TEXTS})
        return function(*given.args, **given.kwargs)

    return inner


def problems(name):
    """What is wrong with the models of a text."""
    if name in NAMES:
        return read(name).problems()
    text = (CASES / f"{name}.vit").read_text(encoding="utf-8") if name in GOLDEN else SLOT
    try:
        library = loads(text, "case.vit")
    except VitError as problem:
        return problem.diagnostics
    return [problem for model in library.models() for problem in elaborate.check(library, model).problems]


def places(found):
    """Codes, and where the carets and the labels stand."""
    return [(d.code, d.span and place(d.span), [place(other.span) for other in d.others]) for d in found]


@pytest.mark.parametrize("name", [*GOLDEN, *NAMES, "slot"])
def test_other_words_move_no_place(name, monkeypatch):
    before = problems(name)
    for owner, function in WORDED:
        monkeypatch.setattr(owner, function, rewording(getattr(owner, function)))
    after = problems(name)
    assert places(after) == places(before)
    texts = [text for d in after for text in (d.message, d.label, d.help, *(other.text for other in d.others))]
    assert all(text.startswith("zq") for text in texts if text)
    assert bool(after) == (name != "nothing")
