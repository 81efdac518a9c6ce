"""What stands intact in a text with mistakes: the items that parse by themselves and hold none of the mistakes."""

import re
from bisect import bisect_left
from itertools import pairwise
from typing import Any

from lark import Token, UnexpectedToken

from ..diagnostics import Diagnostic, VitError
from ..diagnostics.source import Source, Span
from . import tables, tree
from .layout import TOO_DEEP, TOO_LONG
from .lines import Lines
from .trees import Builder

_WORD = re.compile(r"[A-Za-z_]\w*")
_DEFINED = re.compile(r"\b(?:block|fn|model)\s+([A-Za-z_]\w*)")
_HEADER = (Token("VIT", "vit"), Token("INT", "1"), Token("_NL", "\n"))


def salvage(lark: Any, source: Source, tokens: list[Token], problems: list[Diagnostic], *, complete: bool) -> tree.File:
    """The `use`s and intact items of a text whose mistakes are `problems`; adds what building the items finds.

    Without `complete` the text was not searched to its end: then only the `use`s are given.
    """
    builder = Builder(source)
    uses = tuple(builder.use(a, b) for a, b in pairwise(tokens)
                 if a.type == "USE" and b.type == "STRING")  # fmt: skip
    here = Span(source, 0, 0)
    if not complete or (tokens and tokens[-1].type in (TOO_DEEP, TOO_LONG)):
        return tree.File(here, 1, uses, tree.Lost(anything=True))
    pieces = _Pieces(lark, source, tokens, problems)
    return tree.File(here, 1, (*uses, *pieces.items), pieces.lost())


class _Pieces:
    """The text cut at the lines where an item may begin. A piece that is no item by itself is lost."""

    def __init__(self, lark: Any, source: Source, tokens: list[Token], problems: list[Diagnostic]) -> None:
        self.lark, self.source, self.tokens, self.problems = lark, source, tokens, problems
        self.places = sorted(p.span.start for p in problems if p.span)
        self.items: list[tree.Item] = []
        self.defined, self.words, self.sections = set[str](), set[str](), set[str]()
        self.anything = False
        lines = Lines(tokens)
        starts = [i for i in range(len(tokens))
                  if tokens[i].type != "_NL" and lines.begins(i) and lines.fresh(i)]  # fmt: skip
        unsure = False  # a broken item may go on: what looks like a section can be a mapping inside it
        for start, end in pairwise([*starts, len(tokens)]):
            if tokens[start].type == "VIT":
                continue
            section = tokens[start].type == "NAME" and lines.item(start)
            unsure = unsure and section
            if unsure or not self._build(start, end):
                self._lose(start, end, section)
                braces = sum((t.type == "LBRACE") - (t.type == "RBRACE") for t in tokens[start:end])
                unsure = unsure or braces != 0

    def lost(self) -> tree.Lost:
        return tree.Lost(frozenset(self.defined), frozenset(self.words), frozenset(self.sections), self.anything)

    def _text(self, start: int, end: int) -> tuple[int, int]:
        last = self.tokens[end].start_pos if end < len(self.tokens) else len(self.source.text) + 1
        return self.tokens[start].start_pos or 0, last or 0

    def _build(self, start: int, end: int) -> bool:
        """Whether a piece is intact; adds its items then."""
        first, last = self._text(start, end)
        if bisect_left(self.places, first) != bisect_left(self.places, last):
            return False
        builder = Builder(self.source)
        try:
            file = builder.build(tables.tree(self.lark, (*_HEADER, *self.tokens[start:end])))
        except UnexpectedToken:
            return False
        except VitError as problem:
            self.problems += problem.diagnostics
            return False
        self.problems += builder.problems
        if builder.problems:
            return False
        self.items += [item for item in file.items if not isinstance(item, tree.Use)]
        return True

    def _lose(self, start: int, end: int, section: bool) -> None:
        first, last = self._text(start, end)
        text, token = self.source.text[first:last], self.tokens[start]
        line = text.partition("\n")[0]
        self.words.update(_WORD.findall(text))
        self.defined.update(_DEFINED.findall(text))
        if section:
            self.sections.add(str(token))
        elif token.type == "USE" or ".vit" in line:  # what it would have brought is not known
            self.anything |= not (token.type == "USE" and self.tokens[start + 1].type == "STRING")
        elif token.type not in ("BLOCK", "FN", "MODEL"):  # perhaps one of them, misspelt
            self.defined.update(_WORD.findall(re.split(r"[=({]", line)[0]))
