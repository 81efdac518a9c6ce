"""Patterns of axes, as `rearrange`, `einsum` and the layouts of weights write them: `.. (h w) c 1`."""

import re
from dataclasses import dataclass

#: A name alone is a group of one, `1` a group of none.
Group = tuple[str, ...]
_TOKEN = re.compile(r"\.\.|\(|\)|[A-Za-z_]\w*|1|\S")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pattern: a group of names for each axis; `lead` is the number of groups before `..`, which stands for
    further axes, None without it."""

    groups: tuple[Group, ...]
    lead: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All names in order."""
        return tuple(name for group in self.groups for name in group)


def side(text: str) -> Side:
    """Reads one side; raises ValueError with what is wrong."""
    groups: list[Group] = []
    group: list[str] | None = None
    lead: int | None = None
    for token in _TOKEN.findall(text):
        if token == ".." and group is None and lead is None:
            lead = len(groups)
        elif token == "(" and group is None:
            group = []
        elif token == ")" and group is not None:
            groups.append(tuple(group))
            group = None
        elif token == "1":  # inside a group it changes nothing
            if group is None:
                groups.append(())
        elif token.isidentifier():
            groups.append((token,)) if group is None else group.append(token)
        elif "..." in text:
            raise ValueError("`...` is written `..` in a pattern too")
        else:
            raise ValueError(f"`{token}` does not belong in a pattern")
    made = Side(tuple(groups), lead)
    if group is not None or len(set(made.names)) != len(made.names):
        why = "a bracket is left open" if group is not None else "a name stands twice"
        raise ValueError(f"{why} in `{text.strip()}`")
    return made
