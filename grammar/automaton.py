"""The LALR parser as states alone: it says what may follow, and its states can be kept and put back."""

from dataclasses import dataclass
from typing import Any

from lark import Token, UnexpectedToken


class Automaton:
    """`lark` without its trees."""

    def __init__(self, lark: Any) -> None:
        self._parser = lark.parse_interactive()
        self._parser.parser_state.parse_conf.callbacks = {}

    def takes(self, token: Token) -> bool:
        """Feeds a token; whether it fits. One that does not leaves the states as good as they were."""
        try:
            self._parser.feed_token(token)
        except UnexpectedToken:
            return False
        return True

    def takes_all(self, kinds: str) -> bool:
        """The same for tokens that no text has, given by their types."""
        return all(self.takes(Token(kind, "")) for kind in kinds.split())

    def choices(self) -> set[str]:
        """The types of the tokens that this state may take: some only seem to fit."""
        return set(self._parser.choices())

    def accepts(self) -> set[str]:
        """The types of the tokens that fit."""
        return self._parser.accepts()

    @property
    def height(self) -> int:
        """How many states there are."""
        return len(self._parser.parser_state.state_stack)

    def states(self, base: int) -> list[int]:
        """The states above the first `base`."""
        return self._parser.parser_state.state_stack[base:]

    def put_back(self, base: int, states: list[int]) -> None:
        """Replaces the states above the first `base`."""
        state = self._parser.parser_state
        state.state_stack[base:] = states
        state.value_stack[:] = [None] * (len(state.state_stack) - 1)


@dataclass(slots=True)
class Level:
    """What stands inside one pair of braces, or at the top of the file."""

    brace: int  # the index of its `{`, -1 at the top and for one that was added
    base: int  # parser states below it
    resume: list[int]  # the states above, where the next entry may begin
    indent: int  # of the line that opened it
    sheet: bool  # commas separate too
    start: int  # the index of the token that its present entry begins with
    broken: bool = False  # mistakes were found in it: what it must hold may have gone with them
