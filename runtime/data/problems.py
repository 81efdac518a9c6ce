"""Pictures that can't be read: skipped and named up to a share of a part, or refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from ...diagnostics import Diagnostic, VitError, error

#: So many are named in a message.
_NAMED = 5
#: So many are refused at once where none is skipped.
_REFUSED = 10


@dataclass(slots=True)
class Problems:
    """Of a part of `count` pictures: `bad` has the file of each that can't be read, with what is wrong with it.

    `limit` is the largest share of them that is skipped; without one the first is refused.
    """

    part: str = "train"
    count: int = 0
    limit: float | None = None
    bad: dict[str, str] = field(default_factory=dict[str, str])

    def skip(self, found: Mapping[str, VitError]) -> None:
        """Notes pictures by their files; raises V0901 where none is skipped, or where they are too many."""
        if self.limit is None:
            raise VitError(tuple(d for problem in [*found.values()][:_REFUSED] for d in problem.diagnostics))
        self.bad |= {file: problem.diagnostics[0].message for file, problem in found.items()}
        if len(self.bad) > self.limit * self.count + 1e-6:
            share = ceil(100 * len(self.bad) / self.count) / 100
            raise error("V0901", f"{len(self.bad):,} of {self.count:,} pictures of the {self.part} part can't be read, more than "
                        f"`bad_limit = {self.limit:g}` skips: {_texts(self.bad.values())}",
                        help="mend or remove them" + (f", or `data {{ bad_limit = {share:g} }}`" if share < 1 else ""))  # fmt: skip

    def emptied(self, classes: Sequence[str]) -> VitError:
        """V0901 for classes of which no picture is left."""
        why = _texts(self.bad.values())
        return error("V0901", f"no picture of {', '.join(f'`{name}`' for name in classes[:_NAMED])} can be read: {why}",
                     help="mend the pictures, or leave the class out of `classes`")  # fmt: skip

    def told(self, known: int = 0) -> list[Diagnostic]:
        """A warning that names those that were met after the first `known`."""
        new = list(self.bad.values())[known:]
        if not new:
            return []
        what = "1 picture" if len(new) == 1 else f"{len(new):,} pictures"
        return [Diagnostic("V0901", f"skipped {what} of the {self.part} part: {_texts(new)}", severity="warning")]


def _texts(messages: Iterable[str]) -> str:
    every = list(messages)
    more = f"; and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
    return "; ".join(every[:_NAMED]) + more
