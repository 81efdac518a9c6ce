"""The second pass over a text that does not parse: every mistake on its line, and no mistake twice.

The parser is fed token by token. At each beginning of an entry, a statement or an item its states are kept; after a
mistake they are put back and the next line that stands no deeper is read. A line that fails before its `{` is replaced
by the shortest of its kind, so that what stands inside the braces is still looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lark import Token

from ..diagnostics import Diagnostic
from ..diagnostics.source import Source
from .automaton import Automaton, Level
from .layout import TOO_DEEP, TOO_LONG, UNCLOSED
from .lines import Lines, bracket
from .mistakes import diagnose
from .situation import Situation, span

#: The most mistakes that are reported of one text.
MAX_PROBLEMS = 100
#: The shortest construct of a kind up to its `{`, by its first token.
_STUBS = {
    "BLOCK": "BLOCK NAME", "FN": "FN NAME LPAR RPAR", "MODEL": "MODEL NAME EQUAL NAME", "NAME": "NAME",
    "FORWARD": "FORWARD LPAR RPAR", "IF": "IF NAME", "FOR": "FOR NAME IN NAME",
}  # fmt: skip
#: What can be missing before a `}`, once mistakes have been taken out.
_FILLERS = ("", "NAME EQUAL NAME", "FORWARD LPAR RPAR LBRACE NAME EQUAL NAME RBRACE")


def recover(lark: Any, source: Source, tokens: list[Token], *, headless: bool) -> tuple[Diagnostic, ...]:
    """The mistakes of a text in order; one that is `headless` is read as if its header were there."""
    return _Recovery(lark, source, _headless(tokens) if headless else tokens, headless).run()


def _headless(tokens: list[Token]) -> list[Token]:
    """The tokens without empty lines before them, and without a first line that was meant to be the header."""
    tokens = tokens[1:] if tokens and tokens[0].type == "_NL" else tokens
    lines = Lines(tokens)
    return tokens if lines.item(0) else tokens[lines.next(0) :]


@dataclass(frozen=True, slots=True)
class _Place:
    """A token behind a mistake, outside of the entry's braces: `braces` (at most one, which it opens) and `brackets` that are
    open with it, whether no line has ended since the mistake (`first`), and whether all brackets are closed (`whole`)."""

    at: int
    braces: int
    brackets: int
    first: bool
    whole: bool


def _rest(tokens: list[Token], start: int, failed: int) -> Iterator[_Place]:
    """Where the entry that begins at `start` and failed at `failed` may end."""
    braces = brackets = 0
    first, closed = True, True
    for at in range(start, len(tokens)):
        kind = tokens[at].type
        braces += (kind == "LBRACE") - (kind == "RBRACE")
        brackets += bracket(kind)
        closed = closed and kind != UNCLOSED
        if at < failed or braces > 1 or (braces == 1 and kind != "LBRACE"):
            continue
        yield _Place(at, braces, brackets, first, closed and brackets == 0)
        braces = max(braces, 0)  # a `}` that closes nothing of the entry has been looked at
        first = first and kind != "_NL"


class _Recovery:
    def __init__(self, lark: Any, source: Source, tokens: list[Token], headless: bool) -> None:
        self.source, self.tokens, self.lines = source, tokens, Lines(tokens)
        self.parser = Automaton(lark)
        self.problems: list[Diagnostic] = []
        self.spoiled = False  # what failed at the top may go on
        self.last = -1  # the token of the last mistake
        self.parser.takes_all("VIT INT _NL" if headless else "")
        self.levels = [Level(-1, 1, self.parser.states(1), 0, False, 0)]

    def run(self) -> tuple[Diagnostic, ...]:
        """All mistakes, up to `MAX_PROBLEMS`."""
        if self.tokens and self.tokens[-1].type == TOO_DEEP:
            self._report(len(self.tokens) - 1)
            return tuple(self.problems)
        index = 0
        while index < len(self.tokens) and len(self.problems) < MAX_PROBLEMS:
            index = self._step(index)
        if (
            len(self.levels) > 1
            and len(self.problems) < MAX_PROBLEMS
            and self.lines.kind(len(self.tokens) - 1) != TOO_LONG
        ):
            self._unclosed(len(self.tokens))
        return tuple(self.problems)

    # ---- one token ---------------------------------------------------------------------------------------------------

    def _step(self, index: int) -> int:
        """Takes a token, or deals with the mistake that it shows; gives the index of the next."""
        elsewhere = self._line(index) if self.lines.begins(index) else None
        if elsewhere is not None:
            return elsewhere
        token, level = self.tokens[index], self.levels[-1]
        if token.type == "RBRACE" and len(self.levels) > 1 and level.start == index:
            self._bridge()
        if token.type == "RBRACE" and level.brace >= 0 and self._stray(index, level):
            if self.last < 0 or self.lines.has("_NL", self.last, index):
                self._report(index, top=True)
            return self._put_back(self.lines.next(index))
        if token.type == "ELSE" and level.brace < 0 and self._inside("IF") and self.parser.takes_all("RBRACE"):
            self.levels.pop()
        if not self.parser.takes(token):
            return self._mistake(index) if self.last < index else index + 1
        self._note(index)
        return index + 1

    def _line(self, index: int) -> int | None:
        """What the beginning of a line tells: levels that were never closed, lines to be passed over. Where to go on then."""
        level = self.levels[-1]
        if len(self.levels) > 1 and self.lines.item(index) and self.lines.indents[index] <= level.indent:
            self._unclosed(index)
            return index
        if len(self.levels) > 1 and level.brace < 0 and self._ends_added(index):
            return index
        if len(self.levels) == 1 and self.spoiled:
            if not self.lines.fresh(index):
                return self.lines.next(index)
            self.spoiled = False
        return None

    def _stray(self, index: int, level: Level) -> bool:
        """Whether a `}` inside a line would close what began on another line and still goes on."""
        after = self.lines.kind(index + 1)
        if after in ("", "RBRACE", "COMMA") or (after == "ELSE" and self._inside("IF")) or self.lines.begins(index):
            return False
        if after == "_NL" and self.lines.indent(index + 2) <= level.indent:
            return False
        return self.lines.has("_NL", level.brace, index)

    def _inside(self, kind: str) -> bool:
        """Whether the present level is that of an entry which begins so."""
        return len(self.levels) > 1 and self.tokens[self.levels[-2].start].type == kind

    def _note(self, index: int) -> None:
        """Opens or closes a level, or keeps the states at the beginning of an entry."""
        kind, level = self.tokens[index].type, self.levels[-1]
        if kind == "LBRACE":
            self._open(index, index)
        elif kind == "RBRACE":
            self.levels.pop()
        elif kind == "_NL" or (kind == "COMMA" and level.sheet and "EXPECT" in self.parser.choices()):
            level.resume, level.start = self.parser.states(level.base), index + 1

    def _open(self, index: int, brace: int) -> None:
        sheet = not {"RETURN", "FORWARD"} & self.parser.choices()
        indent = self.lines.indents[min(self.levels[-1].start, index)]
        self.levels.append(Level(brace, self.parser.height, [], indent, sheet, index + 1))

    # ---- after a mistake ---------------------------------------------------------------------------------------------

    def _mistake(self, index: int) -> int:
        """Says what is wrong, repairs what it can, and gives the index of the token to go on with."""
        self._report(index)
        self.last = index
        if self.lines.kind(index + 1) == "_FAT" and self.parser.takes_all("NAME"):
            return index + 1  # the rest of the arm is looked at as if it were for a word
        if self.tokens[index].type == "_NL" and "LBRACE" in self.parser.accepts():
            if self.lines.kind(index + 1) == "LBRACE":
                return index + 1
            if self.lines.indent(index + 1) > self.lines.indents[self.levels[-1].start]:
                self._add_brace(index)
                return index
        self.spoiled |= len(self.levels) == 1
        return self._resume(index)

    def _report(self, index: int, *, top: bool = False) -> None:
        for level in self.levels:
            level.broken = True
        level, outer = self.levels[-1], self.levels[max(len(self.levels) - 2, 0)].start
        top = top or len(self.levels) == 1
        accepts = self.parser.accepts()
        here = Situation(self.source, self.tokens, index, level.start, outer, accepts, level.sheet, top)
        self.problems.append(diagnose(here))

    def _resume(self, index: int) -> int:
        """Skips the rest of the entry; its braces are entered if a stub of its kind can lead there."""
        start = self.levels[-1].start
        for here in _rest(self.tokens, start, index):
            if (found := self._end(here, start, index)) is not None:
                return found
        return len(self.tokens)

    def _end(self, here: "_Place", start: int, failed: int) -> int | None:
        """Where reading can go on if the entry from `start`, which failed at `failed`, ends at a token or before it."""
        level, kind = self.levels[-1], self.tokens[here.at].type
        if here.braces == 1:
            return here.at if self._stub(start, failed, here.at) else None
        if here.braces < 0 and len(self.levels) > 1 and not self._stray(here.at, level):
            return self._put_back(here.at)
        if kind == "COMMA" and here.first and level.sheet and here.brackets <= 0:
            return self._put_back(here.at + 1)
        if kind == "_NL" and here.first and self._body_follows(failed, here.at, here.whole):
            return here.at
        if kind == "_NL" and not self.lines.rest(here.at + 1, max(self.lines.indent(start), 0)):
            return self._put_back(here.at + 1)
        return None

    def _put_back(self, start: int) -> int:
        """The states in which an entry of this level may begin, at the token `start`."""
        level = self.levels[-1]
        self.parser.put_back(level.base, level.resume)
        level.start = start
        return start

    def _stub(self, start: int, failed: int, brace: int) -> bool:
        """Puts the shortest construct of the entry's kind in the place of what stands before its `{`."""
        first = self.tokens[start].type
        if first == "NAME" and (len(self.levels) > 1 or self.tokens[failed].type not in ("EQUAL", "COLON")):
            return False
        value = failed == brace and first != "MODEL" and self.lines.has("EQUAL", start, brace)
        if first not in _STUBS or value:
            return False
        self._put_back(start)
        return self.parser.takes_all(_STUBS[first])

    def _body_follows(self, failed: int, newline: int, whole: bool) -> bool:
        """Whether a line without `{` was meant to have one: it opens something, and deeper lines follow. Adds it then."""
        start = self.levels[-1].start
        kind = self.tokens[start].type
        if not whole and self.tokens[failed].type != "OPEN_STRING":
            return False
        if kind not in ("BLOCK", "FN", "FORWARD", "IF", "FOR") or (
            kind == "FN" and self.lines.has("EQUAL", start, failed)
        ):
            return False
        if self.lines.indent(newline + 1) <= self.lines.indents[start] or not self._stub(
            start, failed, len(self.tokens)
        ):
            return False
        self._add_brace(newline)
        return True

    # ---- braces that are missing -------------------------------------------------------------------------------------

    def _add_brace(self, index: int) -> None:
        self.parser.takes_all("LBRACE")
        self._open(index, -1)

    def _ends_added(self, index: int) -> bool:
        """Closes a level whose `{` was added, where its lines end."""
        if self.lines.indents[index] > self.levels[-1].indent - (self.tokens[index].type == "RBRACE"):
            return False
        self._bridge()
        self.parser.takes_all("RBRACE _NL")
        self.levels.pop()
        level = self.levels[-1]
        level.resume, level.start = self.parser.states(level.base), index
        return True

    def _bridge(self) -> None:
        """Fills in what the mistakes on this level took away, where a `}` can't follow without it."""
        level = self.levels[-1]
        if not level.broken or "RBRACE" in self.parser.accepts():
            return
        for filler in _FILLERS:
            self._put_back(level.start)
            if self.parser.takes_all(filler) and "RBRACE" in self.parser.accepts():
                return
        self._put_back(level.start)

    def _unclosed(self, index: int) -> None:
        """A `{` is open where the next item begins or the text ends: says which, and leaves all levels."""
        first = self.levels[1].brace
        opener = self.lines.culprit(first, index) if first >= 0 else -1
        inside = self.tokens[first:index]
        swallowed = any(token.type == "OPEN_STRING" and "}" in token for token in inside)  # its `}`, as part of a text
        if opener >= 0 and not swallowed:
            place = span(self.source, self.tokens[opener])
            self.problems.append(Diagnostic("V0104", "this `{` is never closed", place, help="its `}` is missing"))
        del self.levels[1:]
        self._put_back(index)
