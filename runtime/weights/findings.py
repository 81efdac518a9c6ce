"""What is wrong with a file of weights, in words: every tensor named, those of many blocks in one line."""

import re
from collections.abc import Iterable, Mapping

from ...diagnostics import Diagnostic, VitError
from ...diagnostics.source import Span
from .common import common

#: Problems by kind: the code, what the file does, what blocks with the problem do, and blocks with nothing else.
KINDS = {
    "missing": ("V0703", "lacks {} of this model", "lack", "lack every tensor"),
    "not expected": ("V0704", "holds {} that this model has no place for", "hold", "have no place here"),
    "of another shape": (
        "V0705",
        "holds {} in another shape",
        "have another shape of",
        "have another shape throughout",
    ),
    "of another type": ("V0706", "holds {} of another type", "have another type of", "have another type throughout"),
    "that can't be resized": (
        "V0709",
        "holds {} that can't be brought to another size",
        "can't resize",
        "can't be resized",
    ),
}
#: Lines of one kind that are shown; the same line of several blocks is one.
SHOWN = 24

_BLOCK = re.compile(r"\.(\d{1,9})\.")
_NUMBERED = re.compile(r"(\.|layer_|block_)(\d+)(?=[./])")


def refused(label: str, findings: Mapping[str, list[str]], ours: Iterable[str], theirs: Iterable[str],
            span: Span | None = None) -> VitError:  # fmt: skip
    """What is wrong with a file: a diagnostic for each kind of problem, with what the names have in common and all of them.

    `ours` and `theirs` are all names of the model and of the file.
    """
    help = "the section `weights` of the spec can name what may differ: only, skip, resize"
    found: list[Diagnostic] = []
    for kind, lines in findings.items():
        code, text, verb, whole = KINDS[kind]
        count = "a tensor" if len(lines) == 1 else f"{len(lines)} tensors"
        folded = fold(lines)
        rest = [f"and {len(folded) - SHOWN} more"] if len(folded) > SHOWN else []
        names = {line.partition(" ")[0].removesuffix(",") for line in lines}
        alike = common(names, theirs if kind == "not expected" else ours, verb, whole)
        said = "".join(f"\n  {line}" for line in alike)
        body = "".join(f"\n    {line}" for line in folded[:SHOWN] + rest)
        found.append(Diagnostic(code, f"{label} {text.format(count)}:{said}{body}", span, help="" if found else help))
    return VitError(tuple(found))


def fold(lines: list[str]) -> list[str]:
    """The lines that differ in the number of the block alone as one, with the numbers behind it."""
    blocks: dict[str, list[tuple[str, int]]] = {}
    for line in lines:
        number = _BLOCK.search(line)
        text = line if number is None else _numbered(line, number[1])
        blocks.setdefault(text, []).append((line, -1 if number is None else int(number[1])))
    return [
        found[0][0] if len(found) == 1 else f"{text}, i = {_span([number for _, number in found])}"
        for text, found in blocks.items()
    ]


def _numbered(line: str, number: str) -> str:
    return _NUMBERED.sub(lambda found: f"{found[1]}{{i}}" if found[2] == number else found[0], line)


def _span(numbers: list[int]) -> str:
    """`0 .. 12`, as the language counts, or the numbers themselves."""
    numbers = sorted(numbers)
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} .. {numbers[-1] + 1}"
    return ", ".join(map(str, numbers[:SHOWN])) + (" and more" if len(numbers) > SHOWN else "")


def folded(names: list[str]) -> str:
    """Names of tensors on one line."""
    return ", ".join(f"`{name}`" for name in fold(names))
