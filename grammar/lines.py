"""The tokens of a text by its lines: where they begin, how deep they stand, what they look like."""

from lark import Token

from .layout import UNCLOSED, indentation

_ITEMS = ("USE", "FN", "BLOCK", "MODEL")
_OPENERS = (*_ITEMS, "FORWARD", "EXPECT", "IF", "FOR", "RETURN")


def bracket(kind: str) -> int:
    """What a token adds to the number of open ( and [."""
    return (kind in ("LPAR", "LSQB")) - (kind in ("RPAR", "RSQB", UNCLOSED))


class Lines:
    """Tokens, `indents` (for each the indentation of its line), `column` (where items begin)."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.indents: list[int] = []
        indent = 0
        for token in tokens:
            self.indents.append(indent)
            if token.type == "_NL":
                indent = indentation(token)
        firsts = [self.indents[i] for i in range(len(tokens)) if self.begins(i) and self.item(i)]
        self.column = min(firsts, default=0)

    def kind(self, index: int) -> str:
        """The type of a token; nothing after the last."""
        return self.tokens[index].type if index < len(self.tokens) else ""

    def indent(self, index: int) -> int:
        """The indentation of a token's line; -1 after the last."""
        return self.indents[index] if index < len(self.tokens) else -1

    def has(self, kind: str, start: int, end: int) -> bool:
        """Whether a token of this kind is among those from `start` up to `end`."""
        return any(token.type == kind for token in self.tokens[max(start, 0) : end])

    def begins(self, index: int) -> bool:
        """Whether a token is the first of a line."""
        return index == 0 or self.tokens[index - 1].type == "_NL"

    def item(self, index: int) -> bool:
        """Whether what begins here looks like an item: `block …`, `data {`, `train mine {`."""
        kinds = [token.type for token in self.tokens[index : index + 3]]
        section = kinds[:2] == ["NAME", "LBRACE"] or kinds == ["NAME", "NAME", "LBRACE"]
        return bool(kinds) and (kinds[0] in _ITEMS or section)

    def rest(self, index: int, indent: int) -> bool:
        """Whether the line from here on is the rest of one that failed: it stands deeper, or closes a bracket of others."""
        kind, after = self.kind(index), self.kind(index + 1)
        if kind == "LBRACE" or self.indent(index) > indent:
            return True
        if kind in _OPENERS or after in ("EQUAL", "COLON"):
            return False
        parens = 0
        while index < len(self.tokens) and parens >= 0 and self.kind(index) != "_NL":
            parens += bracket(self.kind(index))
            index += 1
        return parens < 0

    def fresh(self, index: int) -> bool:
        """Whether a line at the top may be read again after a mistake there: it is no rest of what failed."""
        kinds = [token.type for token in self.tokens[index : index + 2]]
        rest = kinds[0] in ("RBRACE", "FORWARD", "RETURN", "EXPECT") or kinds == ["NAME", "EQUAL"]
        return self.indents[index] <= self.column and not rest

    def next(self, index: int) -> int:
        """The first token of the next line."""
        while index < len(self.tokens) and self.tokens[index].type != "_NL":
            index += 1
        return index + 1

    def culprit(self, first: int, end: int) -> int:
        """Of the braces opened from `first` up to `end` the one that a `}` standing further left skips, else the innermost."""
        open_: list[int] = []
        for at in range(first, end):
            if self.tokens[at].type == "LBRACE":
                open_.append(at)
            elif self.tokens[at].type == "RBRACE" and open_:
                if self.begins(at) and self.indents[at] < self.indents[open_[-1]] and len(open_) > 1:
                    return open_[-1]
                open_.pop()
        return open_[-1] if open_ else -1
