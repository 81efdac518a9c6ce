"""What many names of tensors have in common, said before they are listed."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

#: So few names speak for themselves.
FEW = 12
#: Lines that are said, and endings in one of them.
_LINES, _ENDINGS = 6, 4
_NUMBER = re.compile(r"(.*?)\.(\d{1,9})\.(.+)")


def common(names: Collection[str], among: Iterable[str], verb: str, throughout: str) -> list[str]:
    """`12 of 12 blocks lack attn.qkv.bias`, `24 tensors begin with backbone.`: what holds of at least a dozen names, which
    are some of those `among`. `throughout` is said of blocks of which every name is one of them."""
    if len(names) < FEW:
        return []
    every = list(among)
    return [*_blocks(set(names), every, verb, throughout), *_beginnings(set(names), every)][:_LINES]


def _blocks(names: set[str], every: list[str], verb: str, throughout: str) -> list[str]:
    """What lists of equal blocks have in common."""
    lists: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in every:
        if found := _NUMBER.fullmatch(name):
            lists[found[1]][int(found[2])].append(found[3])
    said: list[str] = []
    for stem, blocks in lists.items():
        whole = sorted(n for n, inner in blocks.items() if all(f"{stem}.{n}.{end}" in names for end in inner))
        if whole and len(blocks) > 1:
            numbers = (
                f"{whole[0]} to {whole[-1]}"
                if len(whole) == whole[-1] - whole[0] + 1 > 1
                else ", ".join(map(str, whole))
            )
            said.append(f"{len(whole)} of {len(blocks)} {_plural(stem)} {throughout}: {numbers}")
        affected = set(whole)
        times: dict[str, int] = defaultdict(int)
        for number, inner in blocks.items():
            for end in inner if number not in affected else ():
                times[end] += f"{stem}.{number}.{end}" in names
        alike: dict[int, list[str]] = defaultdict(list)
        for end, count in times.items():
            if count > 1:
                alike[count].append(end)
        for count, ends in alike.items():
            more = f" and {len(ends) - _ENDINGS} more" if len(ends) > _ENDINGS else ""
            said.append(f"{count} of {len(blocks)} {_plural(stem)} {verb} {', '.join(ends[:_ENDINGS])}{more}")
    return said


def _beginnings(names: set[str], every: list[str]) -> list[str]:
    """First components under which there is nothing else."""
    under: dict[str, list[str]] = defaultdict(list)
    for name in every:
        first, dot, rest = name.partition(".")
        if dot and not rest[:1].isdigit():  # lists of blocks are said above
            under[first].append(name)
    return [f"{len(inner)} tensors begin with `{first}.`" for first, inner in under.items()
            if len(inner) > 3 and all(name in names for name in inner)]  # fmt: skip


def _plural(stem: str) -> str:
    """`blocks` as it is called, `encoder.layer` as layers."""
    last = stem.rpartition(".")[2]
    return last if last.endswith("s") else f"`{stem}`"
