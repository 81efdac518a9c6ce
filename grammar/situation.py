"""Where a parser stopped, and what could have followed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from lark import Token

from ..diagnostics import Diagnostic
from ..diagnostics.source import Source, Span

#: The tokens that most values begin with.
VALUES = {"NAME", "INT", "FLOAT", "STRING", "LPAR", "LSQB"}


@dataclass(frozen=True)
class Situation:
    """Where the parser stopped: at `tokens[index]`, in an entry that begins at `start`, inside one that begins at `outer`.

    `accepts`: the types of tokens that could have followed. `sheet`: among entries of a sheet or section; `top`: at the
    top of the file.
    """

    source: Source
    tokens: list[Token]
    index: int
    start: int
    outer: int
    accepts: set[str]
    sheet: bool
    top: bool

    @cached_property
    def token(self) -> Token:
        """The one that does not fit."""
        return self.tokens[self.index]

    @cached_property
    def before(self) -> Token:
        """The one read last."""
        return self.tokens[self.index - 1] if self.index else Token("_NL", "", 0, end_pos=0)

    @cached_property
    def first(self) -> Token:
        """The first of the entry."""
        return self.tokens[min(self.start, self.index)]

    @cached_property
    def after(self) -> str:
        """The type of the token after the one that does not fit."""
        return self.tokens[self.index + 1].type if self.index + 1 < len(self.tokens) else "_NL"

    @property
    def expects_value(self) -> bool:
        """Whether a value could have followed."""
        return self.accepts >= {"NAME", "INT", "LPAR"}

    @property
    def touching(self) -> bool:
        """Whether no space is before the token."""
        return self.before.end_pos == self.token.start_pos

    @property
    def span(self) -> Span:
        """The token's place; of a line's end the place after what was read last."""
        if self.token.type == "_NL":
            return Span(self.source, self.before.end_pos or 0, (self.before.end_pos or 0) + 1)
        return span(self.source, self.token)

    def says(self, message: str, help: str = "", *, code: str = "V0102", at: Span | None = None) -> Diagnostic:
        """A diagnostic at the token or at `at`; the middle of one that quotes at length is left out."""
        short = [text if len(text) <= 200 else f"{text[:120]}…{text[-60:]}" for text in (message, help)]
        return Diagnostic(code, short[0], at or self.span, help=short[1])


def span(source: Source, *tokens: Token) -> Span:
    """From the first of the tokens to the last."""
    return Span(source, tokens[0].start_pos or 0, tokens[-1].end_pos or 0)


def shown(token: Token) -> str:
    """A token as the user wrote it, a long one in part."""
    if token.type == "_NL":
        return "the line's end"
    text = str(token)
    return f"`{text}`" if len(text) <= 40 else f"`{text[:37]}…`"


#: Knows a situation, or says nothing.
Rule = Callable[[Situation], Diagnostic | None]
