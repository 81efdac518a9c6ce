"""The second pass over a text that does not parse: every mistake on its line, and no mistake twice.

The parser is fed token by token. At each beginning of an entry, a statement or an item its states are kept; after a
mistake they are put back and the next line that stands no deeper is read. A line that fails before its `{` is replaced
by the shortest of its kind, so that what stands inside the braces is still looked at.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lark import Token, UnexpectedToken

from . import tree
from .diagnostics import Diagnostic
from .layout import TOO_DEEP, UNCLOSED, indentation
from .mistakes import Situation, diagnose
from .source import Source, Span
from .trees import Builder

_MAX_PROBLEMS = 100
_ITEMS = ("USE", "FN", "BLOCK", "MODEL")
_OPENERS = (*_ITEMS, "FORWARD", "EXPECT", "IF", "FOR", "RETURN")
#: The shortest construct of a kind up to its `{`, by its first token.
_STUBS = {
    "BLOCK": "BLOCK NAME", "FN": "FN NAME LPAR RPAR", "MODEL": "MODEL NAME EQUAL NAME", "NAME": "NAME",
    "FORWARD": "FORWARD LPAR RPAR", "IF": "IF NAME", "FOR": "FOR NAME IN NAME",
}  # fmt: skip
#: What can be missing before a `}`, once mistakes have been taken out.
_FILLERS = ("", "NAME EQUAL NAME", "FORWARD LPAR RPAR LBRACE NAME EQUAL NAME RBRACE")


@dataclass(slots=True)
class _Level:
    """What stands inside one pair of braces, or at the top of the file."""

    brace: int  # the index of its `{`, -1 at the top and for one that was added
    base: int  # parser states below it
    resume: list[int]  # the states above, where the next entry may begin
    indent: int  # of the line that opened it
    sheet: bool  # commas separate too
    start: int  # the index of the token that its present entry begins with
    broken: bool = False  # mistakes were found in it: what it must hold may have gone with them


def recover(
    lark: Any, source: Source, *, headless: bool = False
) -> tuple[tuple[tree.Use, ...], tuple[Diagnostic, ...]]:
    """The `use`s of a text and its mistakes in order; `headless` adds the header."""
    tokens: list[Token] = list(lark.lex(source.text + "\n"))
    if headless:
        tokens = _headless(tokens)
    return _uses(source, tokens), _Recovery(lark, source, tokens, headless).run()


def _headless(tokens: list[Token]) -> list[Token]:
    """The tokens without empty lines before them, and without a first line that was meant to be the header."""
    tokens = tokens[1:] if tokens and tokens[0].type == "_NL" else tokens
    if _is_item(tokens, 0):
        return tokens
    return tokens[next((i + 1 for i, token in enumerate(tokens) if token.type == "_NL"), len(tokens)) :]


def _uses(source: Source, tokens: list[Token]) -> tuple[tree.Use, ...]:
    build = Builder(source)
    pairs = pairwise(tokens)
    return tuple(build.r_use(_span(source, b), [b]) for a, b in pairs if a.type == "USE" and b.type == "STRING")


def _is_item(tokens: list[Token], index: int) -> bool:
    """Whether a line looks like the first of an item: `block …`, `data {`, `train mine {`."""
    kinds = [token.type for token in tokens[index : index + 3]]
    return bool(kinds) and (
        kinds[0] in _ITEMS or kinds[:2] == ["NAME", "LBRACE"] or kinds == ["NAME", "NAME", "LBRACE"]
    )


def _span(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


class _Recovery:
    def __init__(self, lark: Any, source: Source, tokens: list[Token], headless: bool) -> None:
        self.source, self.tokens = source, tokens
        self.parser = lark.parse_interactive()
        self.parser.parser_state.parse_conf.callbacks = {}  # states alone: no tree comes out of this
        self.problems: list[Diagnostic] = []
        self.indents = self._indents()
        firsts = [self.indents[i] for i in range(len(tokens)) if self._begins_line(i) and self._item(i)]
        self.column = min(firsts, default=0)  # where items begin
        self.spoiled = -1  # that column, while what failed at the top may go on
        self.last = -1
        self.lost = any(token.type == "OPEN_STRING" and "}" in token for token in tokens)  # as part of a text
        for kind in ["VIT", "INT", "_NL"] if headless else ():
            self._feed(Token(kind, ""))
        self.levels = [_Level(-1, 1, self._states(1), 0, False, 0)]

    def run(self) -> tuple[Diagnostic, ...]:
        if self.tokens and self.tokens[-1].type == TOO_DEEP:
            self._report(len(self.tokens) - 1)
            return tuple(self.problems)
        index = 0
        while index < len(self.tokens) and len(self.problems) < _MAX_PROBLEMS:
            index = self._step(index)
        if len(self.levels) > 1 and len(self.problems) < _MAX_PROBLEMS:
            self._unclosed(len(self.tokens))
        return tuple(self.problems)

    # ---- one token ---------------------------------------------------------------------------------------------------

    def _step(self, index: int) -> int:
        """Takes the token, or what it makes necessary; gives the index of the next."""
        token, level = self.tokens[index], self.levels[-1]
        if self._begins_line(index):
            if len(self.levels) > 1 and self._item(index) and self.indents[index] <= level.indent:
                self._unclosed(index)
                return index
            if level.brace < 0 and self._ends_added(index):
                return index
            if len(self.levels) == 1 and self.spoiled >= 0:
                if not self._fresh(index):
                    return self._next_line(index)
                self.spoiled = -1
        if token.type == "RBRACE" and len(self.levels) > 1 and level.start == index:
            self._bridge()
        if token.type == "RBRACE" and level.brace >= 0 and self._stray(index, level):
            if self.last < 0 or any(token.type == "_NL" for token in self.tokens[self.last : index]):
                self._report(index, stray=True)
            at = self._next_line(index)
            return self._put_back(at, at)
        if token.type == "ELSE" and level.brace < 0 and self._inside("IF") and self._feed(Token("RBRACE", "}")):
            self.levels.pop()
        if not self._feed(token):
            return self._mistake(index) if self.last < index else index + 1
        self._note(index)
        return index + 1

    def _stray(self, index: int, level: _Level) -> bool:
        """Whether a `}` inside a line would close what began on another line and still goes on."""
        after = self.tokens[index + 1].type if index + 1 < len(self.tokens) else "RBRACE"
        if after in ("RBRACE", "COMMA") or (after == "ELSE" and self._inside("IF")) or self._begins_line(index):
            return False
        if after == "_NL" and (index + 2 >= len(self.tokens) or self.indents[index + 2] <= level.indent):
            return False
        return any(token.type == "_NL" for token in self.tokens[level.brace : index])

    def _inside(self, kind: str) -> bool:
        """Whether the present level is that of an entry which begins so."""
        return len(self.levels) > 1 and self.tokens[self.levels[-2].start].type == kind

    def _note(self, index: int) -> None:
        """Opens a level, or keeps the states at the beginning of an entry."""
        kind, level = self.tokens[index].type, self.levels[-1]
        if kind == "LBRACE":
            self._open(index)
        elif kind == "RBRACE":
            self.levels.pop()
        elif kind == "_NL" or (kind == "COMMA" and level.sheet and "EXPECT" in self._choices()):
            level.resume, level.start = self._states(level.base), index + 1

    def _open(self, index: int, brace: int | None = None) -> None:
        base = len(self.parser.parser_state.state_stack)
        sheet = "RETURN" not in self._choices() and "FORWARD" not in self._choices()
        indent = self.indents[min(self.levels[-1].start, index)]
        self.levels.append(_Level(index if brace is None else brace, base, [], indent, sheet, index + 1))

    # ---- after a mistake ---------------------------------------------------------------------------------------------

    def _mistake(self, index: int) -> int:
        """Says what is wrong, repairs what it can, and gives the index of the token to go on with."""
        self._report(index)
        self.last = index
        token, level = self.tokens[index], self.levels[-1]
        if token.type == "_NL" and "LBRACE" in self.parser.accepts() and index + 1 < len(self.tokens):
            if self.tokens[index + 1].type == "LBRACE":
                return index + 1
            if self.indents[index + 1] > self.indents[level.start]:
                self._feed(Token("LBRACE", "{"))
                self._open(index, brace=-1)
                return index
        if len(self.levels) == 1:
            self.spoiled = self.column
        return self._resume(index)

    def _report(self, index: int, *, stray: bool = False) -> None:
        for level in self.levels:
            level.broken = True
        level = self.levels[-1]
        outer, top = self.levels[max(len(self.levels) - 2, 0)].start, len(self.levels) == 1
        top, accepts = top or stray, self.parser.accepts()
        here = Situation(self.source, self.tokens, index, level.start, outer, accepts, level.sheet, top)
        self.problems.append(diagnose(here))

    def _resume(self, index: int) -> int:
        """Skips the rest of the entry; its braces are entered if a stub of its kind can lead there."""
        level, start = self.levels[-1], self.levels[-1].start
        line = self.indents[start] if start < len(self.tokens) else 0
        depth = parens = 0
        separates, whole, cut = level.sheet, True, self.tokens[index].type == "OPEN_STRING"
        for at in range(start, len(self.tokens)):
            kind = self.tokens[at].type
            depth += (kind == "LBRACE") - (kind == "RBRACE")
            parens += (kind in ("LPAR", "LSQB")) - (kind in ("RPAR", "RSQB", UNCLOSED))
            whole = whole and kind != UNCLOSED
            if at < index or depth > 1 or (depth == 1 and kind != "LBRACE"):
                continue
            if depth == 1 and self._stub(start, index, at):
                return at
            if depth < 0 and len(self.levels) > 1 and not self._stray(at, level):
                return self._put_back(at, at)
            depth = max(depth, 0)
            if depth:
                continue
            if kind == "_NL" and whole and (parens == 0 or cut) and self._body_follows(start, index, at):
                return at
            whole = whole and kind != "_NL"
            separates = separates and kind != "_NL"
            if (kind == "_NL" and not self._rest(at + 1, line)) or (kind == "COMMA" and separates and parens <= 0):
                return self._put_back(at + 1, at + 1)
        return len(self.tokens)

    def _body_follows(self, start: int, failed: int, newline: int) -> bool:
        """Whether a line without `{` was meant to have one: it opens something, and deeper lines follow. Adds it then."""
        first, after = self.tokens[start].type, newline + 1
        short = any(token.type == "EQUAL" for token in self.tokens[start:failed])
        if (
            first not in ("BLOCK", "FN", "FORWARD", "IF", "FOR")
            or (first == "FN" and short)
            or after >= len(self.tokens)
        ):
            return False
        if self.indents[after] <= self.indents[start] or not self._stub(start, failed, len(self.tokens)):
            return False
        self._feed(Token("LBRACE", "{"))
        self._open(newline, brace=-1)
        return True

    def _rest(self, at: int, indent: int) -> bool:
        """Whether the line from here on is the rest of one that failed: it stands deeper, or closes a bracket of others."""
        if at >= len(self.tokens):
            return False
        kinds = [token.type for token in self.tokens[at : at + 2]]
        if kinds[0] == "LBRACE":
            return True
        if self.indents[at] > indent or kinds[0] in _OPENERS or kinds[1:] in (["EQUAL"], ["COLON"]):
            return self.indents[at] > indent
        parens = 0
        for token in self.tokens[at:]:
            parens += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
            if parens < 0 or token.type == "_NL":
                break
        return parens < 0

    def _put_back(self, index: int, start: int) -> int:
        """The states where an entry of this level may begin."""
        level, state = self.levels[-1], self.parser.parser_state
        state.state_stack[level.base :] = level.resume
        state.value_stack[:] = [None] * (len(state.state_stack) - 1)
        level.start = start
        return index

    def _stub(self, start: int, failed: int, brace: int) -> bool:
        """Puts the shortest construct of the entry's kind in the place of what stands before its `{`."""
        first = self.tokens[start].type
        if first == "NAME" and (len(self.levels) > 1 or self.tokens[failed].type not in ("EQUAL", "COLON")):
            return False
        value = failed == brace and first != "MODEL" and any(t.type == "EQUAL" for t in self.tokens[start:brace])
        if first not in _STUBS or value:
            return False
        self._put_back(start, start)
        return all(self._feed(Token(kind, "")) for kind in _STUBS[first].split())

    def _bridge(self) -> None:
        """Fills in what the mistakes on this level took away, where a `}` can't follow without it."""
        level = self.levels[-1]
        if not level.broken or "RBRACE" in self.parser.accepts():
            return
        for filler in _FILLERS:
            self._put_back(0, level.start)
            if all(self._feed(Token(kind, "")) for kind in filler.split()) and "RBRACE" in self.parser.accepts():
                return
        self._put_back(0, level.start)

    def _ends_added(self, index: int) -> bool:
        """Closes a level whose `{` was added, where its lines end."""
        level = self.levels[-1]
        deeper = level.indent - (self.tokens[index].type == "RBRACE")
        if len(self.levels) == 1 or self.indents[index] > deeper:
            return False
        self._bridge()
        self._feed(Token("RBRACE", "}"))
        self._feed(Token("_NL", ""))
        self.levels.pop()
        self.levels[-1].resume, self.levels[-1].start = self._states(self.levels[-1].base), index
        return True

    def _unclosed(self, index: int) -> None:
        """A `{` is open where the next item begins or the text ends: says which, and leaves all levels."""
        opener = self._culprit(index)
        if opener >= 0 and not self.lost:
            span = _span(self.source, self.tokens[opener])
            self.problems.append(Diagnostic("V0104", "this `{` is never closed", span, help="its `}` is missing"))
        del self.levels[1:]
        self._put_back(index, index)

    def _culprit(self, end: int) -> int:
        """The `{` that a `}` standing further left skips, else the innermost; -1 for one that was added."""
        open_: list[int] = []
        first = self.levels[1].brace
        for at in range(max(first, 0), end):
            if self.tokens[at].type == "LBRACE":
                open_.append(at)
            elif self.tokens[at].type == "RBRACE" and open_:
                if self._begins_line(at) and self.indents[at] < self.indents[open_[-1]] and len(open_) > 1:
                    return open_[-1]
                open_.pop()
        return open_[-1] if open_ and first >= 0 else -1

    # ---- the parser and the lines ------------------------------------------------------------------------------------

    def _feed(self, token: Token) -> bool:
        """Whether the parser takes the token."""
        try:
            self.parser.feed_token(token)
        except UnexpectedToken:
            return False
        return True

    def _choices(self) -> set[str]:
        return set(self.parser.choices())

    def _states(self, base: int) -> list[int]:
        return self.parser.parser_state.state_stack[base:]

    def _indents(self) -> list[int]:
        """For each token the indentation of its line."""
        indents, indent = list[int](), 0
        for token in self.tokens:
            indents.append(indent)
            if token.type == "_NL":
                indent = indentation(token)
        return indents

    def _begins_line(self, index: int) -> bool:
        return index == 0 or self.tokens[index - 1].type == "_NL"

    def _item(self, index: int) -> bool:
        return _is_item(self.tokens, index)

    def _fresh(self, index: int) -> bool:
        """Whether a line at the top may be read again after a mistake: no rest of what failed."""
        kinds = [token.type for token in self.tokens[index : index + 2]]
        rest = kinds[0] in ("RBRACE", "FORWARD", "RETURN", "EXPECT") or kinds == ["NAME", "EQUAL"]
        return self.indents[index] <= self.spoiled and not rest

    def _next_line(self, index: int) -> int:
        while index < len(self.tokens) and self.tokens[index].type != "_NL":
            index += 1
        return index + 1
