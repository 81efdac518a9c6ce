"""From a text to its syntax tree. The only file that imports lark."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from . import tree
from .diagnostics import error
from .source import Source, Span
from .trees import Builder

_MAX_NESTING = 200


class _Newlines:
    """Drops newlines inside ( ) and [ ]; refuses brackets nested deeper than any spec needs."""

    always_accept = ("_NL",)
    source: Source

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = nesting = 0
        for token in stream:
            opens, closes = token.type in ("LPAR", "LSQB"), token.type in ("RPAR", "RSQB")
            depth += opens - closes
            nesting += (opens or token.type == "LBRACE") - (closes or token.type == "RBRACE")
            if nesting > _MAX_NESTING:
                raise error("V0107", f"more than {_MAX_NESTING} brackets stand inside each other",
                            Span(self.source, token.start_pos or 0, token.end_pos or 0))  # fmt: skip
            if token.type != "_NL" or depth <= 0:
                yield token


@cache
def _parser() -> tuple[Lark, _Newlines]:
    newlines = _Newlines()
    text = (Path(__file__).parent / "vit.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", propagate_positions=True, postlex=newlines, maybe_placeholders=True), newlines  # type: ignore[arg-type]


def parse(source: Source) -> tree.File:
    """The tree of a text; raises `VitError` with V01xx diagnostics."""
    _header(source)
    lark, newlines = _parser()
    newlines.source = source
    try:
        parsed: Any = lark.parse(source.text + "\n")
    except UnexpectedInput as problem:
        raise _syntax(source, problem) from None
    return Builder(source).build(parsed)


def _header(source: Source) -> None:
    for line in source.text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words == ["vit", "1"]:
            return
        break
    first = Span(source, 0, min(len(source.text), max(source.text.find("\n"), 1)))
    raise error("V0101", "a spec begins with its edition", first, help="write `vit 1` on the first line")


def _syntax(source: Source, problem: UnexpectedInput) -> Exception:
    at = min(problem.pos_in_stream or 0, max(len(source.text) - 1, 0))
    if isinstance(problem, UnexpectedCharacters):
        return error("V0103", "this character has no place here", Span(source, at, at + 1))
    if isinstance(problem, UnexpectedToken):
        token: Any = problem.token
        start = min(token.start_pos if token.start_pos is not None else at, len(source.text))
        end = max(token.end_pos or start + 1, start + 1)
        return error("V0102", "the text can't go on like this", Span(source, start, min(end, len(source.text) + 1)))
    return error("V0102", "the text ends too early", Span(source, at, at + 1))
