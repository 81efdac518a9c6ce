"""The statements of training and of inference as one text: what they have in common stands once."""

from collections.abc import Sequence


def bare(line: str) -> str:
    """A statement without the comment on its shape."""
    return line.partition("  # [")[0]


def same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two texts differ in comments alone."""
    return [*map(bare, one)] == [*map(bare, other)]


def joined(training: Sequence[str], inference: Sequence[str]) -> list[str]:
    """One text for both: common statements, `if self.training:` with what differs, common statements."""
    before = _common(training, inference)
    rest = min(len(training), len(inference)) - before
    behind = min(_common(training[::-1], inference[::-1]), rest)
    behind = _whole(inference, behind)
    head = [_merged(a, b) for a, b in zip(training[:before], inference[:before], strict=True)]
    tail = [_merged(*pair) for pair in zip(_last(training, behind), _last(inference, behind), strict=True)]
    one, other = (lines[before : len(lines) - behind] for lines in (training, inference))
    return [*head, *_split(one, other, returns=behind == 0), *tail]


def parted(one: Sequence[str], other: Sequence[str], test: str) -> list[str]:
    """One text of two that both end the method: common statements, the rest of one under a test, the rest of the other."""
    before = _common(one, other)
    head = [_merged(a, b) for a, b in zip(one[:before], other[:before], strict=True)]
    return [*head, test, *(f"    {line}" for line in one[before:]), *other[before:]]


def _split(training: Sequence[str], inference: Sequence[str], *, returns: bool) -> list[str]:
    """The statements of each mode under its condition."""
    if not training and not inference:
        return []
    test = "if self.training:" if training else "if not self.training:"
    then = [f"    {line}" for line in training or inference]
    if returns:  # both end the method
        return [test, *then, *inference]
    return [test, *then, *(["else:", *(f"    {line}" for line in inference)] if training and inference else [])]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many statements are the same from the start; never the head of a loop without its body."""
    count = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if bare(x) != bare(y)), min(len(a), len(b)))
    while 0 < count < len(a) and a[count].startswith(" "):
        count -= 1
    return count


def _whole(lines: Sequence[str], behind: int) -> int:
    """Statements at the end, none of them a body without its head."""
    while behind and lines[len(lines) - behind].startswith(" "):
        behind -= 1
    return behind


def _last(lines: Sequence[str], count: int) -> Sequence[str]:
    return lines[len(lines) - count :]


def _merged(a: str, b: str) -> str:
    """A statement of both, its comment only where it is true of both."""
    return a if a == b else bare(a)
