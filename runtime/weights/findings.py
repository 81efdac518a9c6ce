"""What is wrong with a file of weights, in words: every tensor named, those of many blocks in one line."""

import re
from collections.abc import Mapping
from pathlib import Path

from ...grammar.diagnostics import Diagnostic, VitError

#: Problems by kind: the code, and what the file does.
KINDS = {
    "missing": ("V0703", "lacks {} of this model"),
    "not expected": ("V0704", "holds {} that this model has no place for"),
    "of another shape": ("V0705", "holds {} in another shape"),
    "of another type": ("V0706", "holds {} of another type"),
    "that can't be resized": ("V0709", "holds {} that can't be brought to another size"),
}
#: Lines of one kind that are shown; the same line of several blocks is one.
SHOWN = 24

_BLOCK = re.compile(r"\.(\d{1,9})\.")


def refused(path: Path, findings: Mapping[str, list[str]]) -> VitError:
    """What is wrong with a file: a diagnostic for each kind of problem, all tensors named."""
    help = "the section `weights` of the spec can name what may differ: only, skip, resize"
    found: list[Diagnostic] = []
    for kind, lines in findings.items():
        code, text = KINDS[kind]
        count = "a tensor" if len(lines) == 1 else f"{len(lines)} tensors"
        folded = fold(lines)
        rest = [f"and {len(folded) - SHOWN} more"] if len(folded) > SHOWN else []
        body = "".join(f"\n    {line}" for line in folded[:SHOWN] + rest)
        found.append(Diagnostic(code, f"`{path}` {text.format(count)}:{body}", help="" if found else help))
    return VitError(tuple(found), 3)


def fold(lines: list[str]) -> list[str]:
    """The lines that differ in the number of the block alone as one, with the numbers behind it."""
    blocks: dict[str, list[tuple[str, int]]] = {}
    for line in lines:
        number = _BLOCK.search(line)
        text = line if number is None else re.sub(rf"(\.|layer_|block_){number[1]}(?=[./])", r"\1{i}", line)
        blocks.setdefault(text, []).append((line, -1 if number is None else int(number[1])))
    return [
        found[0][0] if len(found) == 1 else f"{text}, i = {_span([number for _, number in found])}"
        for text, found in blocks.items()
    ]


def _span(numbers: list[int]) -> str:
    """`0 .. 12`, as the language counts, or the numbers themselves."""
    numbers = sorted(numbers)
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} .. {numbers[-1] + 1}"
    return ", ".join(map(str, numbers[:SHOWN])) + (" and more" if len(numbers) > SHOWN else "")


def folded(names: list[str]) -> str:
    """Names of tensors on one line."""
    return ", ".join(f"`{name}`" for name in fold(names))
