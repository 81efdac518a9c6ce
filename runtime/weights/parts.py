"""Where in a file the tensors of a model are: under a wrapper (`state_dict`, `model_ema`, …), a prefix (`module.`), or both.

Names are compared from their end, so that any wrapper is found, not only those that a list knows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ...grammar.name_patterns import fill
from .files import Header
from .layouts import Layout
from .matching import Choices, Model, filled

#: Names of ours that are looked for, spread over the model, and prefixes that are tried.
_PROBES, _TRIED = 12, 8


class Endings:
    """The names of a file by their last component, and by their last two."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by: dict[str, list[str]] = {}
        for name in names:
            for count in {1, 1 + ("." in name)}:
                self._by.setdefault(_ending(name, count), []).append(name)

    def before(self, inner: str) -> Iterator[str]:
        """What stands before `inner` in each name that is it, or ends in it behind a dot."""
        for name in self._by.get(_ending(inner, 1 + ("." in inner)), ()):
            if name == inner or name.endswith(f".{inner}"):
                yield name.removesuffix(inner)


def _ending(name: str, count: int) -> str:
    return ".".join(name.rsplit(".", count)[-count:])


def prefixes(layout: Layout, endings: Endings, model: Model, choices: Choices) -> dict[str, tuple[str, ...]]:
    """Prefixes under which a model may be, the likeliest first, `""` among them; each with the prefixes of other copies
    below it, whose tensors are not part of it."""
    probes = _probes(layout, model, choices)
    found = Counter(prefix for probe in probes for prefix in dict.fromkeys(endings.before(probe)))
    likely = [prefix for prefix, hits in found.most_common(_TRIED) if 2 * hits >= len(probes)]
    tried: dict[str, tuple[str, ...]] = {}
    for stands in likely:
        own = max((p for p in layout.prefixes if stands.endswith(p)), key=len, default="")
        prefix = stands.removesuffix(own)
        if prefix and not prefix.endswith("."):
            prefix = stands
        others = tuple(o for o in likely if o != stands and len(o) > len(prefix) and o.startswith(prefix)
                       and not stands.startswith(o))  # fmt: skip
        tried.setdefault(prefix, others)
    return tried | ({} if "" in tried else {"": ()})


def _probes(layout: Layout, model: Model, choices: Choices) -> list[str]:
    """Names of theirs that a file with this model's weights has."""
    names = [name for name in model.specs if choices.taken(name)]
    step = max(1, len(names) // _PROBES)
    found: list[str] = []
    for name in names[::step]:
        for rule, _, holes in filled(layout, name, model.specs):
            if not rule.top:
                found.append(fill(rule.theirs[0].removesuffix("[i]"), holes))
                break
    return found


def groups(headers: Mapping[str, Header]) -> dict[str, int]:
    """How many tensors there are under each first component; a name without one stands for itself."""
    return dict(Counter(name.partition(".")[0] for name in headers))
