"""From a text to its syntax tree."""

import gc
import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

from lark import Token, UnexpectedToken

from ..diagnostics import Diagnostic, VitError
from ..diagnostics.source import Source, Span
from . import tables, tree
from .characters import hidden
from .docs import misplaced
from .trees import Builder

#: Of the language, as the first line of a text names it.
EDITION = "1"
_HEADER = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(vit)?[ \t]*([^\s#]*)([^\n#]*)")


@cache
def _lark() -> Any:
    return tables.load()


def parse(source: Source) -> tree.File:
    """The tree of a text; raises `VitError` with all V01xx diagnostics."""
    file, problems = read(source)
    if problems:
        raise VitError(problems)
    return file


def read(source: Source) -> tuple[tree.File, tuple[Diagnostic, ...]]:
    """The tree and what is wrong with the text, in its order. Of a text with mistakes the tree holds the intact items."""
    nothing = tree.File(Span(source, 0, 0), 1, (), tree.Lost(anything=True))
    if found := hidden(source):
        return nothing, (found,)
    header = _HEADER.match(source.text)
    word, edition, rest = header.groups() if header else ("", "", "")
    if word and edition and edition != EDITION:
        place = Span(source, *header.span(2)) if header else None
        message, help = f"there is no edition `{edition}` of the language", f"this vitc reads `vit {EDITION}`"
        return nothing, (Diagnostic("V0101", message, place, help=help),)
    tokens: list[Token] = list(_lark().lex(source.text + "\n"))
    if not word or not edition or rest.strip():
        first = Span(source, 0, min(len(source.text), max(source.text.find("\n"), 1)))
        help = f"write `vit {EDITION}` on the first line"
        return _recovered(source, tokens, Diagnostic("V0101", "a spec begins with its edition", first, help=help))
    builder = Builder(source)
    try:
        with _without_collection():
            file = builder.build(tables.tree(_lark(), tokens))
    except UnexpectedToken:
        return _recovered(source, tokens)
    except VitError as problem:
        return nothing, (*builder.problems, *problem.diagnostics)
    if builder.problems:
        return _salvaged(source, tokens, builder.problems)
    return file, tuple(misplaced(source, file))


@contextmanager
def _without_collection() -> Generator[None]:
    """Keeps Python from looking for garbage: a tree has none, and in a long text the search takes a quarter of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _recovered(source: Source, tokens: list[Token], *header: Diagnostic) -> tuple[tree.File, tuple[Diagnostic, ...]]:
    # Imported where something is wrong: most texts are well-formed, and a check is to answer at once.
    from .recovery import MAX_PROBLEMS, recover

    problems = recover(_lark(), source, tokens, headless=bool(header))
    return _salvaged(source, tokens, [*header, *problems], complete=len(problems) < MAX_PROBLEMS)


def _salvaged(source: Source, tokens: list[Token], problems: list[Diagnostic], *, complete: bool = True
              ) -> tuple[tree.File, tuple[Diagnostic, ...]]:  # fmt: skip
    from .salvage import salvage

    file = salvage(_lark(), source, tokens, problems, complete=complete)
    return file, tuple(sorted(problems, key=lambda problem: problem.span.start if problem.span else -1))
